namespace MassTransit.Sidekiq;

// The queues that a field for one suggests.
internal static class QueueNames
{
    const int Most = 200;

    // None for a visitor who may not move jobs.
    public static async Task<IReadOnlyList<string>> Read(ISidekiqInspector inspector, DashboardCall call) =>
        call.CanAct ? Of(await inspector.Queues(call.Aborted).ConfigureAwait(false)) : [];

    public static IReadOnlyList<string> Of(IEnumerable<SidekiqQueue> queues) =>
        [.. queues.Select(queue => queue.Name).Take(Most)];
}
