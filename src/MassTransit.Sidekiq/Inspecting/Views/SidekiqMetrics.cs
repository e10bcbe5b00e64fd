namespace MassTransit;

/// <summary>The metrics of one job class.</summary>
/// <param name="Class">The class; for an ActiveJob, the one inside the wrapper.</param>
/// <param name="Processed">How often it ran, failures included.</param>
/// <param name="Failed">Attempts that failed.</param>
/// <param name="Runtime">The time of all attempts that succeeded.</param>
public sealed record SidekiqClassMetrics(string Class, long Processed, long Failed, TimeSpan Runtime)
{
    /// <summary>The mean runtime of successful attempts; zero when there are none.</summary>
    public TimeSpan Average => Processed > Failed ? Runtime / (Processed - Failed) : TimeSpan.Zero;
}

/// <summary>The metrics of one job class in one period.</summary>
/// <param name="At">The start of the period (UTC).</param>
/// <param name="Processed">How often it ran, failures included.</param>
/// <param name="Failed">Attempts that failed.</param>
/// <param name="Runtime">The time of all attempts that succeeded.</param>
public sealed record SidekiqMetricsPoint(DateTimeOffset At, long Processed, long Failed, TimeSpan Runtime);

/// <summary>The metrics of one class over time.</summary>
/// <param name="Class">The class.</param>
/// <param name="Period">The duration of one point: a minute, or ten.</param>
/// <param name="Points">The points, the oldest first, including those in which nothing ran.</param>
/// <param name="Histogram">The number of successful attempts in each bucket of <see cref="Bounds" />, and in the last; empty above eight hours.</param>
public sealed record SidekiqJobMetrics(
    string Class,
    TimeSpan Period,
    IReadOnlyList<SidekiqMetricsPoint> Points,
    IReadOnlyList<long> Histogram
)
{
    /// <summary>The upper bounds of the histogram's buckets in milliseconds: Sidekiq's own. The last bucket is unbounded.</summary>
    public static IReadOnlyList<int> Bounds { get; } =
    [
        20,
        30,
        45,
        65,
        100,
        150,
        225,
        335,
        500,
        750,
        1100,
        1700,
        2500,
        3800,
        5750,
        8500,
        13_000,
        20_000,
        30_000,
        45_000,
        65_000,
        100_000,
        150_000,
        225_000,
        335_000,
    ];

    /// <summary>
    /// A percentile of the runtime of successful attempts, as the upper bound of its bucket; null when there are none, or when it is
    /// in the last bucket.
    /// </summary>
    /// <param name="share">From 0 to 1: 0.95 for the 95th percentile.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not from 0 to 1.</exception>
    public TimeSpan? Percentile(double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        var (left, bucket) = (share * Histogram.Sum(), 0);
        if (left == 0)
        {
            return null;
        }

        while (bucket < Histogram.Count && left > Histogram[bucket])
        {
            left -= Histogram[bucket++];
        }

        return bucket < Bounds.Count ? TimeSpan.FromMilliseconds(Bounds[bucket]) : null;
    }
}
