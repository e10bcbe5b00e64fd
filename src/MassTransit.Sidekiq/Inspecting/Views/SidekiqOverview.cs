namespace MassTransit;

/// <summary>The numbers of the dashboard with the queues and processes that they are the sums of, as of one reading.</summary>
/// <param name="Stats">The numbers.</param>
/// <param name="Queues">All queues, by name.</param>
/// <param name="Processes">The processes of the Busy page, by identity.</param>
public sealed record SidekiqOverview(
    SidekiqStats Stats,
    IReadOnlyList<SidekiqQueue> Queues,
    IReadOnlyList<SidekiqProcessInfo> Processes
);
