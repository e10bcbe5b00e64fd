namespace MassTransit.Sidekiq;

internal sealed record MetricsModel(int Hours, IReadOnlyList<SidekiqClassMetrics> Classes);

internal sealed record MetricModel(int Hours, SidekiqJobMetrics Metrics);

internal sealed class MetricsPages(ISidekiqInspector inspector)
{
    public static readonly int[] Hours = [1, 2, 4, 8, 24, 72];

    public async Task<Page?> All(DashboardCall call)
    {
        var hours = HoursOf(call);
        var classes = await inspector.Metrics(TimeSpan.FromHours(hours), call.Aborted).ConfigureAwait(false);

        return Page.Of<Pages.MetricsPage>("Metrics", new MetricsModel(hours, classes));
    }

    public async Task<Page?> One(DashboardCall call)
    {
        var (hours, jobClass) = (HoursOf(call), call.Route("class"));
        var metrics = await inspector.Metrics(jobClass, TimeSpan.FromHours(hours), call.Aborted).ConfigureAwait(false);

        return Page.Of<Pages.MetricPage>(jobClass, new MetricModel(hours, metrics));
    }

    static int HoursOf(DashboardCall call)
    {
        var hours = call.Number("hours", otherwise: 1, least: 1, most: 72);
        return Hours.First(offered => offered >= hours);
    }
}
