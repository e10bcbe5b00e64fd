namespace MassTransit.Sidekiq;

internal sealed record OverviewModel(
    SidekiqStats Stats,
    IReadOnlyList<SidekiqDay> Days,
    SidekiqRedisServer Redis,
    IReadOnlyList<Warning> Warnings
);

// What is wrong, and the way out.
internal sealed record Warning(string What, string Cure);

internal sealed class OverviewReader(ISidekiqInspector inspector, IReadOnlyList<OutboxWatch> outboxes)
{
    const int Days = 30;

    public async Task<Page?> Read(DashboardCall call)
    {
        var (stats, days, redis) = (
            inspector.Stats(call.Aborted),
            inspector.History(Days, call.Aborted),
            inspector.Redis(call.Aborted)
        );
        var (queues, processes) = (inspector.Queues(call.Aborted), inspector.Processes(call.Aborted));
        var outbox = new OutboxWarnings(outboxes).Read(call.Aborted);
        await Task.WhenAll(stats, days, redis, queues, processes, outbox).ConfigureAwait(false);

        return Page.Of<Pages.OverviewPage>(
            "Overview",
            new OverviewModel(
                stats.Result,
                [.. days.Result.Reverse()],
                redis.Result,
                [.. Warnings(redis.Result, queues.Result, processes.Result), .. outbox.Result]
            )
        );
    }

    internal static IEnumerable<Warning> Warnings(
        SidekiqRedisServer redis,
        IReadOnlyList<SidekiqQueue> queues,
        IReadOnlyList<SidekiqProcessInfo> processes
    )
    {
        if (redis.EvictionPolicy is { } policy && policy != "noeviction")
        {
            yield return new Warning(
                $"Redis evicts keys (maxmemory-policy {policy}), which silently deletes queued jobs.",
                "Set maxmemory-policy to noeviction."
            );
        }

        if (redis is { UsedBytes: { } used, MostBytes: { } most } && used > most * 0.9)
        {
            yield return new Warning(
                $"Redis uses {Show.Bytes(used)} of {Show.Bytes(most)}: at its limit it refuses what is sent.",
                "Add memory, or clear what nobody needs."
            );
        }

        if (redis.IsAppendOnly == false)
        {
            yield return new Warning(
                "Redis keeps no append-only file: a crash loses what came since its last snapshot.",
                "Set appendonly to yes where jobs must survive a crash of Redis."
            );
        }

        var served = processes
            .Where(process => !process.IsQuiet)
            .SelectMany(process => process.Queues)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var queue in queues.Where(queue => queue.Size > 0 && !served.Contains(queue.Name)))
        {
            yield return new Warning(
                $"No process takes jobs from queue {queue.Name}, where {Show.Number(queue.Size)} wait.",
                "Start a worker for it, move its jobs, or clear it."
            );
        }

        foreach (var queue in queues.Where(queue => queue is { IsPaused: true, Size: > 0 }))
        {
            yield return new Warning(
                $"Queue {queue.Name} is paused, and {Show.Number(queue.Size)} jobs wait in it.",
                "Resume it."
            );
        }
    }
}
