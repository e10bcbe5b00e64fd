namespace MassTransit.Sidekiq.Benchmarks;

// The value that a figure must reach and the one it aims at; if `Must` is above `Aim`, less is better.
internal sealed record Target(double Must, double Aim)
{
    static readonly Target ofPage = new(20, 10);
    static readonly Target far = new(1, 1.5);

    // Of jobs of 100 ms nearby both have what 16 at once allow.
    static readonly Target farAndSlow = new(0.98, 1);

    static readonly Target farAllowed = new(0.8, 0.95);

    static readonly IReadOnlyDictionary<string, Target> all = new Dictionary<string, Target>(StringComparer.Ordinal)
    {
        ["consume.vs_sidekiq"] = new(5, 8),
        ["consume.vs_memory"] = new(0.5, 0.85),
        ["send.vs_raw"] = new(0.3, 0.6),
        ["send.single_vs_sidekiq"] = new(1, 1.5),
        ["send.bulk_vs_sidekiq"] = new(2, 4),
        ["publish3.vs_3_sends"] = new(0.8, 0.5),
        ["request.vs_memory_1"] = new(0.3, 0.5),
        ["request.vs_memory_100"] = new(0.4, 0.7),
        ["latency.idle_p50_ms"] = new(1, 0.6),
        ["latency.idle_p99_ms"] = new(5, 3),
        ["consume.commands_per_job"] = new(0.3, 0.1),
        ["idle.commands_per_s"] = new(7, 3),
        ["consume.queues100_vs_1"] = new(0.6, 0.9),
        ["consume.alloc_bytes_per_job"] = new(3000, 1000),
        ["outbox.staged_vs_business"] = new(0.6, 0.8),
        ["outbox.staged_vs_one_row"] = new(0.65, 0.8),
        ["outbox.staged_10_vs_business"] = new(0.5, 0.7),
        ["outbox.drained_per_s"] = new(5000, 50_000),
        ["outbox.drained_backlog_per_s"] = new(10_000, 50_000),
        ["outbox.drained_2_hosts_vs_1"] = new(1, 1.7),
        ["outbox.commit_to_consume_p50_ms"] = new(10, 3),
        ["outbox.commit_to_consume_p99_ms"] = new(50, 15),
        ["consume.vs_rabbitmq"] = new(3, 6),
        ["send.single_vs_rabbitmq"] = new(3, 6),
        ["latency.idle_p99_vs_rabbitmq"] = new(1, 0.6),
        ["recovery.kill9_s"] = new(5, 3),
        ["idle.cpu_percent"] = new(0.5, 0.1),
        ["consume.vs_hangfire"] = new(40, 60),
        ["idle.processes1000_redis_percent"] = new(5, 2),
        ["idle.endpoints200_connections"] = new(16, 12),
        ["due.burst_per_s"] = new(20_000, 20_000),
        ["due.burst30_vs_1"] = new(0.8, 1),
        ["due.burst30_bytes_vs_1"] = new(1.2, 1),
        ["bulk.queue_memory_mb"] = new(100, 50),
        ["bulk.schedule_memory_mb"] = new(100, 50),
    };

    // Null for a figure that is only told.
    public static Target? Of(string figure) =>
        figure.StartsWith("dashboard.", StringComparison.Ordinal) && figure.EndsWith("_ms", StringComparison.Ordinal)
            ? ofPage
        : figure.StartsWith("consume.rtt", StringComparison.Ordinal)
            ? figure.EndsWith("_100ms_vs_sidekiq", StringComparison.Ordinal) ? farAndSlow
                : figure.EndsWith("_vs_sidekiq", StringComparison.Ordinal) ? far
                : figure.EndsWith("_vs_allowed", StringComparison.Ordinal) ? farAllowed
                : null
        : all.GetValueOrDefault(figure);

    public string Verdict(double value)
    {
        var reached = (double target) => Must > Aim ? value <= target : value >= target;
        return reached(Aim) ? "aim"
            : reached(Must) ? "must"
            : "MISSED";
    }
}
