namespace MassTransit.Sidekiq;

// What the dead set holds at most, kept whenever something is buried: Sidekiq's own limits, unless configured.
internal sealed record DeadSet
{
    public static readonly DeadSet Default = new();

    public int MaxJobs { get; init; } = 10_000;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromDays(180);

    // What died before is forgotten.
    public DateTimeOffset Oldest(DateTimeOffset now) =>
        now - DateTimeOffset.UnixEpoch > Timeout ? now - Timeout : DateTimeOffset.UnixEpoch;
}
