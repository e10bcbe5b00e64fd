namespace MassTransit;

/// <summary>What the jobs of one class came to.</summary>
/// <param name="Class">The class; for an ActiveJob, the one inside the wrapper.</param>
/// <param name="Processed">How often it ran, failures included.</param>
/// <param name="Failed">Attempts that failed.</param>
/// <param name="Runtime">The time of all attempts that succeeded.</param>
public sealed record SidekiqClassMetrics(string Class, long Processed, long Failed, TimeSpan Runtime)
{
    /// <summary>The mean time of an attempt that succeeded; zero when none did.</summary>
    public TimeSpan Average => Processed > Failed ? Runtime / (Processed - Failed) : TimeSpan.Zero;
}

/// <summary>What the jobs of one class came to in one period.</summary>
/// <param name="At">The beginning of the period (UTC).</param>
/// <param name="Processed">How often it ran, failures included.</param>
/// <param name="Failed">Attempts that failed.</param>
/// <param name="Runtime">The time of all attempts that succeeded.</param>
public sealed record SidekiqMetricsPoint(DateTimeOffset At, long Processed, long Failed, TimeSpan Runtime);

/// <summary>The metrics of one class over time.</summary>
/// <param name="Class">The class.</param>
/// <param name="Period">How much time one point stands for: a minute, or ten.</param>
/// <param name="Points">The oldest first, also those in which nothing ran.</param>
/// <param name="Histogram">How many attempts succeeded within each of <see cref="Bounds" />, and in longer; empty above eight hours.</param>
public sealed record SidekiqJobMetrics(
    string Class,
    TimeSpan Period,
    IReadOnlyList<SidekiqMetricsPoint> Points,
    IReadOnlyList<long> Histogram
)
{
    /// <summary>The upper bounds of the histogram's buckets in milliseconds: Sidekiq's own. The last bucket has none.</summary>
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
    /// The time within which this share of the attempts succeeded, as the bound of its bucket; null when none did, or when it lies in
    /// the last bucket.
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
