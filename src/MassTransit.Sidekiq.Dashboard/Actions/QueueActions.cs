namespace MassTransit.Sidekiq;

internal sealed class QueueActions(ISidekiqInspector inspector)
{
    public async Task<ActionResult> Run(DashboardCall call)
    {
        var queue = call.Route("name");
        switch (call.Field("action"))
        {
            case "pause":
                await inspector.Pause(queue, call.Aborted).ConfigureAwait(false);
                return new ActionResult("pause queue", queue, $"{queue} is paused");
            case "resume":
                await inspector.Unpause(queue, call.Aborted).ConfigureAwait(false);
                return new ActionResult("resume queue", queue, $"{queue} goes on");
            case "clear" when call.IsAdmin:
                var count = await inspector.Clear(queue, call.Aborted).ConfigureAwait(false);
                return ActionResult.Count("clear queue", queue, count, "removed");
            case "delete" when call.Field("job") is { } key:
                var isDone =
                    await Find(queue, key, call).ConfigureAwait(false) is { } job
                    && await inspector.Delete(queue, job, call.Aborted).ConfigureAwait(false);
                return ActionResult.One("delete job", key, isDone, "The job is removed", "A worker has taken the job");
            default:
                return ActionResult.Failed("You may not do this, or the page is of another version. Reload it.");
        }
    }

    // On the page that the form stood on, or where it has moved to since.
    async Task<SidekiqEntry?> Find(string queue, string key, DashboardCall call)
    {
        var seen = 0;
        await foreach (var job in inspector.Jobs(queue, 0, call.Aborted).ConfigureAwait(false))
        {
            if (EntryKey.Of(job) == key)
            {
                return job;
            }

            if (++seen == 10_000)
            {
                break;
            }
        }

        return null;
    }
}
