namespace MassTransit.Sidekiq;

internal sealed class PeriodicReader(ISidekiqInspector inspector)
{
    public async Task<Page?> Read(DashboardCall call) =>
        Page.Of<Pages.PeriodicPage>(
            "Periodic",
            await inspector.Periodic.List().WaitAsync(call.Aborted).ConfigureAwait(false)
        );

    // Those that are to come; none of a schedule that cannot be read.
    internal static IReadOnlyList<DateTimeOffset> NextRuns(SidekiqPeriodicJob job, int count)
    {
        var runs = new List<DateTimeOffset>(count);
        try
        {
            var schedule = CronSchedule.Parse(job.Cron, job.TimeZone);
            for (var next = job.NextRun; next is { } run && runs.Count < count; next = schedule.Next(run))
            {
                runs.Add(run);
            }
        }
        catch (FormatException)
        {
            // The list shows the schedule as it is stored.
        }

        return runs;
    }
}
