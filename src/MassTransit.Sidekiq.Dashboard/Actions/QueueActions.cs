namespace MassTransit.Sidekiq;

internal sealed class QueueActions(ISidekiqInspector inspector)
{
    // As many as the pages show.
    const int MostJobs = 10_000;

    public async Task<ActionResult> Run(DashboardCall call)
    {
        var queue = call.Route("name");
        switch (call.Field("action"))
        {
            case "pause":
                await inspector.Pause(queue, call.Aborted).ConfigureAwait(false);
                return new ActionResult("pause queue", queue, await Paused(queue, call).ConfigureAwait(false));
            case "resume":
                await inspector.Unpause(queue, call.Aborted).ConfigureAwait(false);
                return new ActionResult("resume queue", queue, $"{queue} goes on");
            case "clear" when call.IsAdmin:
                var count = await inspector.Clear(queue, call.Aborted).ConfigureAwait(false);
                return ActionResult.Count("clear queue", queue, count, "removed");
            case "delete" when call.Field("job") is { } key:
                return await One(
                        "delete job",
                        key,
                        "The job is removed",
                        call,
                        job => inspector.Delete(queue, job, call.Aborted)
                    )
                    .ConfigureAwait(false);
            case "move" when call.Field("job") is { } key && call.Field("queue") is { } other:
                return await One(
                        $"move job from {queue} to {other}",
                        key,
                        $"The job is moved to queue {other}",
                        call,
                        job => inspector.Move(queue, job, other, call.Aborted)
                    )
                    .ConfigureAwait(false);
            case "move-all" when call.IsAdmin && call.Field("queue") is { } other:
                var moved = await inspector.MoveAll(queue, other, call.Aborted).ConfigureAwait(false);
                return ActionResult.Count("move queue", $"{queue} to {other}", moved, $"moved to queue {other}");
            case "move" or "move-all" when call.Field("queue") is null:
                return ActionResult.Failed("Name the queue to move to.");
            default:
                return ActionResult.Failed("You may not do this, or the page is of another version. Reload it.");
        }
    }

    // Sidekiq without Pro knows no pauses.
    async Task<string> Paused(string queue, DashboardCall call)
    {
        var processes = await inspector.Processes(call.Aborted).ConfigureAwait(false);
        var ruby = processes
            .Where(process => !Show.IsOfNet(process) && process.Queues.Contains(queue, StringComparer.Ordinal))
            .ToArray();
        return ruby.Length == 0
            ? $"{queue} is paused"
            : $"{queue} is marked as paused, for .NET and Sidekiq Pro. Ruby without Pro goes on taking its jobs: {string.Join(", ", ruby.Select(process => process.Identity))}";
    }

    async Task<ActionResult> One(
        string action,
        string key,
        string done,
        DashboardCall call,
        Func<SidekiqEntry, Task<bool>> step
    )
    {
        var (job, isAll) = await Find(call.Route("name"), key, call).ConfigureAwait(false);
        return ActionResult.One(
            action,
            key,
            job is not null && await step(job).ConfigureAwait(false),
            done,
            job is not null || isAll
                ? "A worker has taken the job"
                : $"The job is not among the next {Show.Number(MostJobs)} of the queue, which were looked through: a worker has taken it, or it is further back"
        );
    }

    // On the page that the form stood on, or where it has moved to since; and whether the whole queue was looked through.
    async Task<(SidekiqEntry? Job, bool IsAll)> Find(string queue, string key, DashboardCall call)
    {
        var seen = 0;
        await foreach (var job in inspector.Jobs(queue, 0, call.Aborted).ConfigureAwait(false))
        {
            if (EntryKey.Of(job) == key)
            {
                return (job, false);
            }

            if (++seen == MostJobs)
            {
                return (null, false);
            }
        }

        return (null, true);
    }
}
