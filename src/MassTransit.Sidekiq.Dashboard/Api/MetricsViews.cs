namespace MassTransit.Sidekiq;

internal sealed record MetricsView(int Hours, IReadOnlyList<ClassView> Classes, bool IsComplete)
{
    const int Most = 500;

    public static MetricsView Of(MetricsModel model) =>
        new(
            model.Hours,
            [
                .. model
                    .Classes.Take(Most)
                    .Select(metrics => new ClassView(
                        metrics.Class,
                        metrics.Processed,
                        metrics.Failed,
                        metrics.Average.TotalSeconds,
                        metrics.Runtime.TotalSeconds
                    )),
            ],
            model.Classes.Count <= Most
        );
}

// Times are of the runs that succeeded.
internal sealed record ClassView(
    string Class,
    long Processed,
    long Failed,
    double AverageSeconds,
    double RuntimeSeconds
);

// A percentile is the upper bound of its bucket; null when nothing ran, when it is above the last bound, or for more than eight hours.
internal sealed record ClassMetricsView(
    string Class,
    int Hours,
    double PeriodSeconds,
    IReadOnlyList<PointView> Points,
    IReadOnlyList<BucketView> Histogram,
    double? P50Seconds,
    double? P95Seconds,
    IReadOnlyList<DeployView> Deploys
)
{
    public static ClassMetricsView Of(MetricModel model) =>
        new(
            model.Metrics.Class,
            model.Hours,
            model.Metrics.Period.TotalSeconds,
            [
                .. model.Metrics.Points.Select(point => new PointView(
                    point.At.UtcDateTime,
                    point.Processed,
                    point.Failed,
                    point.Runtime.TotalSeconds
                )),
            ],
            [.. model.Metrics.Histogram.Select((runs, bucket) => new BucketView(Bound(bucket), runs))],
            model.Metrics.Percentile(0.5)?.TotalSeconds,
            model.Metrics.Percentile(0.95)?.TotalSeconds,
            [.. model.Deploys.Select(deploy => new DeployView(deploy.At.UtcDateTime, deploy.Label))]
        );

    static double? Bound(int bucket) =>
        bucket < SidekiqJobMetrics.Bounds.Count ? SidekiqJobMetrics.Bounds[bucket] / 1000.0 : null;
}

internal sealed record PointView(DateTime At, long Processed, long Failed, double RuntimeSeconds);

// The last one has no bound.
internal sealed record BucketView(double? UpToSeconds, long Runs);

internal sealed record DeployView(DateTime At, string Label);
