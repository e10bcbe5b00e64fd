namespace MassTransit.Sidekiq;

// `Silent` are the processes of Ruby that write no metrics.
internal sealed record MetricsModel(
    int Hours,
    string Sort,
    IReadOnlyList<SidekiqClassMetrics> Classes,
    IReadOnlyList<string> Silent
);

internal sealed record MetricModel(int Hours, SidekiqJobMetrics Metrics, IReadOnlyList<SidekiqDeploy> Deploys)
{
    // Where each deploy is on the chart, from 0 at its left to 1 at its right.
    public IEnumerable<(double Share, string Label)> Marks()
    {
        var (first, width) = (Metrics.Points[0].At, Metrics.Points.Count * Metrics.Period);
        return Deploys
            .Where(deploy => deploy.At >= first)
            .Select(deploy => (Math.Min((deploy.At - first) / width, 1), deploy.Label));
    }
}

internal sealed class MetricsPages(ISidekiqInspector inspector)
{
    // More lines would hide the bars.
    const int MostDeploys = 20;

    // What the classes can be sorted by; the inspector returns them by the last.
    static readonly string[] Sorts = ["processed", "failed", "average", "runtime"];

    public static readonly int[] Hours = [1, 2, 4, 8, 24, 72];

    public async Task<Page?> All(DashboardCall call)
    {
        var hours = HoursOf(call);
        var (metrics, processes) = (
            inspector.Metrics(TimeSpan.FromHours(hours), call.Aborted),
            inspector.Processes(call.Aborted)
        );
        await Task.WhenAll(metrics, processes).ConfigureAwait(false);
        var silent = processes.Result.Where(process => process.Version is null).Select(process => process.Identity);

        var sort = Sorts.FirstOrDefault(offered => offered == call.Query("sort")) ?? Sorts[^1];
        return Page.Of<Pages.MetricsPage>(
            "Metrics",
            new MetricsModel(hours, sort, [.. Sorted(metrics.Result, sort)], [.. silent])
        );
    }

    public async Task<Page?> One(DashboardCall call)
    {
        var (hours, jobClass) = (HoursOf(call), call.Route("class"));
        var metrics = inspector.Metrics(jobClass, TimeSpan.FromHours(hours), call.Aborted);
        var deploys = inspector.Deploys(TimeSpan.FromHours(hours), call.Aborted);
        await Task.WhenAll(metrics, deploys).ConfigureAwait(false);

        return Page.Of<Pages.MetricPage>(
            jobClass,
            new MetricModel(hours, metrics.Result, [.. deploys.Result.TakeLast(MostDeploys)])
        );
    }

    static IEnumerable<SidekiqClassMetrics> Sorted(IReadOnlyList<SidekiqClassMetrics> classes, string sort) =>
        sort switch
        {
            "processed" => classes.OrderByDescending(metrics => metrics.Processed),
            "failed" => classes.OrderByDescending(metrics => metrics.Failed),
            "average" => classes.OrderByDescending(metrics => metrics.Average),
            _ => classes,
        };

    static int HoursOf(DashboardCall call)
    {
        var hours = call.Number("hours", otherwise: 1, least: 1, most: 72);
        return Hours.First(offered => offered >= hours);
    }
}
