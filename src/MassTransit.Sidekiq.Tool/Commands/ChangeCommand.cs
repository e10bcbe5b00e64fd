using System.CommandLine;

namespace MassTransit.Sidekiq;

// Jobs of one class that failed with one error, as `retry`, `kill` and `delete` show what they mean.
internal sealed record GroupRow(
    string? Class,
    string? ErrorClass,
    string? ErrorMessage,
    int Jobs,
    DateTimeOffset? First,
    DateTimeOffset? Last
);

// What `retry`, `kill` or `delete` came to.
internal sealed record ChangeResult(string Place, int Found, long Done, bool IsDryRun, IReadOnlyList<GroupRow> Groups);

// What retry, kill and delete have in common: which jobs, how many those are, a yes, and then each change by the inspector, a hundred
// at a time. Killed half-way, some jobs have moved and the others have not; the same command goes on.
internal abstract class ChangeCommand : ToolCommand
{
    static readonly Sheet<GroupRow> groups = new(
        "No such jobs.",
        new Column<GroupRow>("jobs", row => Words.Number(row.Jobs), IsNumber: true),
        new Column<GroupRow>("class", row => row.Class ?? "(not a job)"),
        new Column<GroupRow>("error", row => row.ErrorClass ?? ""),
        new Column<GroupRow>("last message", row => row.ErrorMessage ?? ""),
        new Column<GroupRow>("from", row => Words.Time(row.First)),
        new Column<GroupRow>("to", row => Words.Time(row.Last))
    );

    readonly string done;
    readonly JobFilter filter = new();

    readonly Option<JobSetName> set = new("--set")
    {
        Description = "The set to take them from: Retry, Schedule or Dead.",
        HelpName = "set",
        DefaultValueFactory = _ => JobSetName.Retry,
    };

    readonly Option<bool> all = new("--all") { Description = "All of them, without --class, --error and --jid." };

    readonly Option<bool> dryRun = new("--dry-run")
    {
        Description = "Only say how many jobs and which groups it would be.",
    };

    readonly Option<bool> yes = new("--yes", "-y") { Description = "Do not ask." };

    // `done`: "retried".
    protected ChangeCommand(string name, string description, string done)
        : base(name, description)
    {
        this.done = done;
        filter.AddTo(this);
        Options.Add(set);
        Options.Add(all);
        Options.Add(dryRun);
        Options.Add(yes);
        Validators.Add(result =>
        {
            if (!result.GetValue(all) && !filter.IsGiven(result))
            {
                result.AddError($"Say which jobs are to be {done}: --class, --error or --jid, or --all.");
            }
        });
    }

    protected virtual Task<JobPlace> Place(ToolRun run) =>
        Task.FromResult(JobPlace.OfSet(run.Inspector, run.Value(set)));

    protected abstract Task<bool> Change(JobPlace place, SidekiqEntry entry, CancellationToken token);

    protected abstract Task<long> ChangeAll(JobPlace place, Func<SidekiqEntry, bool> which, CancellationToken token);

    protected override async Task<int> Run(ToolRun run)
    {
        var place = await Place(run);
        if (filter.Jid(run) is { } jid && place.Set is { } jobs)
        {
            var entry = await jobs.Find(jid, run.Token);
            var isMeant = entry is not null && filter.Read(run)(entry);
            return await Run(run, place, Groups(isMeant ? [entry!] : []), () => Single(place, entry!, run.Token));
        }

        var total = await place.Count(run.Token);
        var which = filter.Read(run);
        var found = await run.Terminal.Progress(
            $"Looking through {place.Name}",
            total,
            async seen =>
            {
                var groups = new JobGroups();
                await foreach (var entry in place.Entries(run.Token))
                {
                    seen();
                    if (which(entry))
                    {
                        groups.Add(entry);
                    }
                }

                return groups.End(isComplete: true);
            }
        );

        return await Run(
            run,
            place,
            found,
            () =>
                run.Terminal.Progress(
                    $"{place.Name}: {found.Seen} to be {done}",
                    total,
                    seen =>
                        ChangeAll(
                            place,
                            entry =>
                            {
                                seen();
                                return which(entry);
                            },
                            run.Token
                        )
                )
        );
    }

    async Task<int> Run(ToolRun run, JobPlace place, SidekiqGroups found, Func<Task<long>> change)
    {
        var isDryRun = run.Value(dryRun);
        var rows = found
            .Groups.Select(group => new GroupRow(
                group.Class,
                group.ErrorClass,
                group.ErrorMessage,
                group.Count,
                group.First,
                group.Last
            ))
            .ToList();
        if (!run.Terminal.IsJson)
        {
            run.Terminal.Show(rows, groups);
        }

        var jobs = Words.Count(found.Seen, "job");
        var count =
            found.Seen > 0
            && !isDryRun
            && run.Terminal.IsConfirmed($"{jobs} of {place.Name} will be {done}. Go on?", run.Value(yes))
                ? await change()
                : 0;
        var text =
            isDryRun ? $"{jobs} of {place.Name} would be {done}."
            : found.Seen == 0 ? $"Nothing done: {place.Name} holds no such jobs."
            : $"{Words.Count(count, "job")} of {place.Name} {(count == 1 ? "was" : "were")} {done}.";
        run.Terminal.Show(new ChangeResult(place.Name, found.Seen, count, isDryRun, rows), text);
        return ExitCode.Fine;
    }

    async Task<long> Single(JobPlace place, SidekiqEntry entry, CancellationToken token) =>
        await Change(place, entry, token) ? 1 : 0;

    static SidekiqGroups Groups(IEnumerable<SidekiqEntry> entries)
    {
        var groups = new JobGroups();
        foreach (var entry in entries)
        {
            groups.Add(entry);
        }

        return groups.End(isComplete: true);
    }
}
