namespace MassTransit.Sidekiq;

internal sealed record PeriodicView(IReadOnlyList<PeriodicJobView> Jobs)
{
    public static PeriodicView Of(IReadOnlyList<PeriodicRow> rows) => new([.. rows.Select(PeriodicJobView.Of)]);
}

// A periodic job with the runs that are kept, the newest first.
internal sealed record PeriodicHistoryView(PeriodicJobView Job, IReadOnlyList<RunView> Runs)
{
    public static PeriodicHistoryView Of(PeriodicModel model) =>
        new(
            PeriodicJobView.Of(model.Row),
            [
                .. model.Runs.Select(run => new RunView(
                    run.At.UtcDateTime,
                    run.Copies,
                    [.. run.Jobs.Select(job => new RunJobView(job.Jid, job.Queue, job.Class))]
                )),
            ]
        );
}

// More copies than are listed have been pushed where a topic has many subscriptions.
internal sealed record RunView(DateTime At, int Copies, IReadOnlyList<RunJobView> Jobs);

internal sealed record RunJobView(string Jid, string Queue, string Class);

internal sealed record PeriodicJobView(
    string Id,
    string Cron,
    string Words,
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
    public static PeriodicJobView Of(PeriodicRow row) =>
        new(
            row.Job.Id,
            row.Job.Cron,
            row.Words,
            row.Job.TimeZone,
            row.Job.NextRun is null,
            row.Job.LastRun?.UtcDateTime,
            [.. row.Next.Select(run => run.At.UtcDateTime)],
            row.Job.JobClass,
            row.Job.Queue,
            row.Job.Topic,
            row.Job.Application,
            row.Job.Description
        );
}
