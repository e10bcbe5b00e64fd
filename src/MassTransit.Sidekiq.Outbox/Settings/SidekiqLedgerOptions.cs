namespace MassTransit;

/// <summary>How jobs are kept until they are completed.</summary>
public sealed class SidekiqLedgerOptions
{
    /// <summary>
    /// The time without a completion after which a job is looked for in Redis, and pushed again if it is not there. A look reads
    /// the ids of all jobs: shorter finds a lost job sooner, longer spares a Redis with long queues. Data that is lost by FLUSHALL
    /// or a restart without persistence is noticed at once, whatever is configured here. Default: 10 minutes.
    /// </summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Whether a dead job stays in the ledger, with the time of its death, until it is completed after all or its row is
    /// deleted. It is not pushed again in either case. Default: true; false deletes its row.
    /// </summary>
    public bool KeepDead { get; set; } = true;

    // Between the two looks that must both miss a job. Ruby reports every ten seconds what it works on.
    internal TimeSpan LookAgain { get; set; } = TimeSpan.FromSeconds(15);
}
