namespace MassTransit.Sidekiq;

// A periodic job with its schedule in words and the runs to come; neither where the schedule cannot be read.
internal sealed record PeriodicRow(SidekiqPeriodicJob Job, string Words, IReadOnlyList<NextRun> Next)
{
    const int Runs = 5;

    public static PeriodicRow Of(SidekiqPeriodicJob job)
    {
        try
        {
            var schedule = CronSchedule.Parse(job.Cron, job.TimeZone);
            return new PeriodicRow(job, schedule.Words, [.. NextRun.Of(schedule, job.NextRun, job.LastRun).Take(Runs)]);
        }
        catch (FormatException)
        {
            return new PeriodicRow(job, "", []);
        }
    }
}

internal sealed record PeriodicModel(PeriodicRow Row, IReadOnlyList<SidekiqPeriodicRun> Runs);

internal sealed class PeriodicReader(ISidekiqInspector inspector)
{
    public async Task<Page?> All(DashboardCall call) =>
        Page.Of<Pages.PeriodicPage>(
            "Periodic",
            (await List(call).ConfigureAwait(false)).Select(PeriodicRow.Of).ToArray()
        );

    public async Task<Page?> One(DashboardCall call)
    {
        var id = call.Route("id");
        var (jobs, runs) = (List(call), inspector.Periodic.Runs(id).WaitAsync(call.Aborted));
        await Task.WhenAll(jobs, runs).ConfigureAwait(false);

        return jobs.Result.FirstOrDefault(job => job.Id == id) is { } job
            ? Page.Of<Pages.PeriodicJobPage>(id, new PeriodicModel(PeriodicRow.Of(job), runs.Result))
            : null;
    }

    Task<IReadOnlyList<SidekiqPeriodicJob>> List(DashboardCall call) =>
        inspector.Periodic.List().WaitAsync(call.Aborted);
}
