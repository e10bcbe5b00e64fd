namespace MassTransit.Sidekiq;

// The overview. Days are the oldest first.
internal sealed record StatsView(
    long Processed,
    long Failed,
    long Running,
    long Enqueued,
    long Scheduled,
    long Retries,
    long Dead,
    long Processes,
    IReadOnlyList<DayView> Days,
    RedisView Redis,
    IReadOnlyList<WarningView> Warnings
)
{
    public static StatsView Of(OverviewModel model) =>
        new(
            model.Stats.Processed,
            model.Stats.Failed,
            model.Stats.Busy,
            model.Stats.Enqueued,
            model.Stats.Scheduled,
            model.Stats.Retries,
            model.Stats.Dead,
            model.Stats.Processes,
            [.. model.Days.Select(day => new DayView(day.Date, day.Processed, day.Failed))],
            RedisView.Of(model.Redis),
            [.. model.Warnings.Select(warning => new WarningView(warning.What, warning.Cure))]
        );
}

internal sealed record DayView(DateOnly Date, long Processed, long Failed);

internal sealed record WarningView(string What, string Cure);

// What Redis does not tell is null.
internal sealed record RedisView(
    string Address,
    double RoundTripSeconds,
    string? Version,
    double? UptimeSeconds,
    long? UsedBytes,
    long? MostBytes,
    string? EvictionPolicy,
    bool? IsAppendOnly,
    long? Clients,
    long? Replicas,
    double? ClockSkewSeconds
)
{
    public static RedisView Of(SidekiqRedisServer redis) =>
        new(
            redis.Address,
            redis.RoundTrip.TotalSeconds,
            redis.Version,
            redis.Uptime?.TotalSeconds,
            redis.UsedBytes,
            redis.MostBytes,
            redis.EvictionPolicy,
            redis.IsAppendOnly,
            redis.Clients,
            redis.Replicas,
            redis.ClockSkew?.TotalSeconds
        );
}
