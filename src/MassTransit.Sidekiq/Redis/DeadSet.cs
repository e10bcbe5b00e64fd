namespace MassTransit.Sidekiq;

/// Sidekiq's limits for the dead set, kept whenever something is buried.
internal static class DeadSet
{
    public const int MaxJobs = 10_000;

    public static readonly TimeSpan Timeout = TimeSpan.FromDays(180);
}
