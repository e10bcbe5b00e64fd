namespace MassTransit.Sidekiq;

internal sealed record PeriodicView(IReadOnlyList<PeriodicJobView> Jobs)
{
    public static PeriodicView Of(IReadOnlyList<SidekiqPeriodicJob> jobs) => new([.. jobs.Select(PeriodicJobView.Of)]);
}

internal sealed record PeriodicJobView(
    string Id,
    string Cron,
    string TimeZone,
    bool IsPaused,
    DateTime? LastRun,
    IReadOnlyList<DateTime> NextRuns,
    string? Class,
    string? Queue,
    string? Topic,
    string? Application,
    string? Description
)
{
    const int Runs = 5;

    public static PeriodicJobView Of(SidekiqPeriodicJob job) =>
        new(
            job.Id,
            job.Cron,
            job.TimeZone,
            job.NextRun is null,
            job.LastRun?.UtcDateTime,
            [.. PeriodicReader.NextRuns(job, Runs).Select(run => run.UtcDateTime)],
            job.JobClass,
            job.Queue,
            job.Topic,
            job.Application,
            job.Description
        );
}
