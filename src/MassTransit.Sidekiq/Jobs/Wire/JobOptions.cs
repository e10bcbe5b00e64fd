using System.Text.Json;

namespace MassTransit.Sidekiq;

/// What a Ruby class says in sidekiq_options and a caller in set: how its job is to be treated.
internal sealed record JobOptions
{
    /// Sidekiq's own limit, a little over 31 years: its client and poller refuse more.
    public static readonly TimeSpan LongestRetryFor = TimeSpan.FromSeconds(1_000_000_000);

    public static readonly JobOptions None = new();

    public SidekiqRetry Retry { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    public SidekiqBacktrace? Backtrace { get; init; }

    public bool? Dead { get; init; }

    public TimeSpan? RetryFor { get; init; }

    public string? RetryQueue { get; init; }

    /// Keys for the Ruby middleware that reads them.
    public IReadOnlyDictionary<string, object?>? Other { get; init; }

    /// These, and what the later ones say instead.
    public JobOptions With(JobOptions? later)
    {
        if (later is null || ReferenceEquals(later, None))
        {
            return this;
        }

        return new JobOptions
        {
            Retry = later.Retry.IsAbsent ? Retry : later.Retry,
            Tags = later.Tags ?? Tags,
            Backtrace = later.Backtrace ?? Backtrace,
            Dead = later.Dead ?? Dead,
            RetryFor = later.RetryFor ?? RetryFor,
            RetryQueue = later.RetryQueue ?? RetryQueue,
            Other = Merge(Other, later.Other),
        };
    }

    public static SidekiqBacktrace? ReadBacktrace(SidekiqJob job) =>
        job.TryGet("backtrace", out var backtrace)
            ? backtrace.ValueKind switch
            {
                JsonValueKind.True => SidekiqBacktrace.All,
                JsonValueKind.False => SidekiqBacktrace.None,
                JsonValueKind.Number when backtrace.TryGetInt32(out var lines) => SidekiqBacktrace.First(lines),
                _ => null,
            }
            : null;

    public static TimeSpan? ReadRetryFor(SidekiqJob job) =>
        job.TryGet("retry_for", out var window)
        && window.ValueKind == JsonValueKind.Number
        && window.TryGetDouble(out var seconds)
        && seconds > 0
        && seconds <= LongestRetryFor.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : null;

    static IReadOnlyDictionary<string, object?>? Merge(
        IReadOnlyDictionary<string, object?>? earlier,
        IReadOnlyDictionary<string, object?>? later
    )
    {
        if (earlier is null || later is null)
        {
            return later ?? earlier;
        }

        var merged = new Dictionary<string, object?>(earlier, StringComparer.Ordinal);
        foreach (var (key, value) in later)
        {
            merged[key] = value;
        }

        return merged;
    }
}
