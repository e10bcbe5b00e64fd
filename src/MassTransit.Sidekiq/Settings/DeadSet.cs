namespace MassTransit.Sidekiq;

// The limits of the dead set, enforced whenever a job is buried: Sidekiq's own, unless configured.
internal sealed record DeadSet
{
    public static readonly DeadSet Default = new();

    public int MaxJobs { get; init; } = 10_000;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromDays(180);

    // Jobs that died earlier are removed.
    public DateTimeOffset Oldest(DateTimeOffset now) =>
        now - DateTimeOffset.UnixEpoch > Timeout ? now - Timeout : DateTimeOffset.UnixEpoch;
}
