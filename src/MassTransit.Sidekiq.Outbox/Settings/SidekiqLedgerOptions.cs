namespace MassTransit;

/// <summary>How jobs are kept until they are completed.</summary>
public sealed class SidekiqLedgerOptions
{
    /// <summary>
    /// After how long without a completion a job is looked for in Redis, and pushed again if it is nowhere. A look reads the ids
    /// of all jobs: shorter finds a lost job sooner, longer spares a Redis with long queues. What a FLUSHALL or a restart
    /// without persistence took is noticed at once, whatever this says. Default: 10 minutes.
    /// </summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Whether a dead job stays in the ledger, with the time of its death, until it is completed after all or its row is
    /// deleted. It is not pushed again either way. Default: true; false forgets it.
    /// </summary>
    public bool KeepDead { get; set; } = true;

    // Between the two looks that must both miss a job. Ruby tells every ten seconds what it works on.
    internal TimeSpan LookAgain { get; set; } = TimeSpan.FromSeconds(15);
}
