using System.CommandLine;

namespace MassTransit.Sidekiq;

// A periodic job, as `periodic` shows it.
internal sealed record PeriodicRow(
    string Id,
    string Cron,
    string TimeZone,
    bool IsPaused,
    DateTimeOffset? NextRun,
    DateTimeOffset? LastRun,
    string? Class,
    string? Queue,
    string? Topic
);

// What became of a periodic job.
internal sealed record PeriodicResult(string Id, string Done);

internal sealed class PeriodicCommand : ToolCommand
{
    static readonly Sheet<PeriodicRow> sheet = new(
        "No periodic jobs.",
        new Column<PeriodicRow>("job", row => row.Id),
        new Column<PeriodicRow>("cron", row => row.Cron),
        new Column<PeriodicRow>("time zone", row => row.TimeZone),
        new Column<PeriodicRow>("next run", row => row.IsPaused ? "paused" : Words.Time(row.NextRun)),
        new Column<PeriodicRow>("last run", row => Words.Time(row.LastRun)),
        new Column<PeriodicRow>("class", row => row.Class ?? ""),
        new Column<PeriodicRow>("to", row => row.Queue ?? row.Topic ?? "")
    );

    public PeriodicCommand()
        : base("periodic", "Lists the periodic jobs; runs, pauses and resumes one.")
    {
        Subcommands.Add(
            new Step(
                "run",
                "Enqueues a run of it now, besides those of its schedule.",
                "enqueued",
                (jobs, id) => jobs.Run(id)
            )
        );
        Subcommands.Add(
            new Step(
                "pause",
                "Skips its runs until it is resumed, deploys included.",
                "paused",
                (jobs, id) => jobs.Pause(id)
            )
        );
        Subcommands.Add(new Step("resume", "Resumes it with its next run.", "resumed", (jobs, id) => jobs.Resume(id)));
    }

    protected override async Task<int> Run(ToolRun run)
    {
        var jobs = await run.Inspector.Periodic.List();
        var rows = jobs.Select(job => new PeriodicRow(
            job.Id,
            job.Cron,
            job.TimeZone,
            job.NextRun is null,
            job.NextRun,
            job.LastRun,
            job.JobClass,
            job.Queue,
            job.Topic
        ));

        run.Terminal.Show([.. rows], sheet);
        return ExitCode.Fine;
    }

    sealed class Step : ToolCommand
    {
        readonly Argument<string> id = new("id") { Description = "The name of the job, as in the list." };
        readonly string done;
        readonly Func<ISidekiqPeriodicJobs, string, Task<bool>> step;

        public Step(string name, string description, string done, Func<ISidekiqPeriodicJobs, string, Task<bool>> step)
            : base(name, description)
        {
            (this.done, this.step) = (done, step);
            Arguments.Add(id);
        }

        protected override async Task<int> Run(ToolRun run)
        {
            var job = run.Value(id);
            var isDone = await step(run.Inspector.Periodic, job);
            run.Terminal.Show(
                new PeriodicResult(job, isDone ? done : "nothing"),
                isDone
                    ? $"{job} is {done}."
                    : $"Nothing done: there is no periodic job '{job}', or it is {done} already."
            );
            return isDone ? ExitCode.Fine : ExitCode.Problems;
        }
    }
}
