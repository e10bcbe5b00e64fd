namespace MassTransit.Sidekiq;

// One of the three sets as a screen: what it is called, and what its entries can do.
internal sealed record JobSetKind(string Path, string Title, ISidekiqJobSet Set)
{
    public required ISidekiqInspector Inspector { get; init; }

    // What Sidekiq calls it.
    public required string Name { get; init; }

    public required string TimeIs { get; init; }

    public required string RetryIs { get; init; }

    public bool HasGroups { get; init; }

    public bool CanKill { get; init; } = true;

    public bool IsNewestFirst { get; init; }

    public static IEnumerable<JobSetKind> Of(ISidekiqInspector inspector) =>
        [
            new("retries", "Retries", inspector.RetrySet)
            {
                Inspector = inspector,
                Name = "retry set",
                TimeIs = "Next attempt",
                RetryIs = "Retry now",
                HasGroups = true,
            },
            new("scheduled", "Scheduled", inspector.ScheduledSet)
            {
                Inspector = inspector,
                Name = "scheduled set",
                TimeIs = "Due",
                RetryIs = "Run now",
            },
            new("dead", "Dead", inspector.DeadSet)
            {
                Inspector = inspector,
                Name = "dead set",
                TimeIs = "Died",
                RetryIs = "Retry",
                HasGroups = true,
                CanKill = false,
                IsNewestFirst = true,
            },
        ];
}
