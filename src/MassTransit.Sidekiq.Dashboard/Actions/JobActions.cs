namespace MassTransit.Sidekiq;

// What is done on the page of one job of a set.
internal sealed class JobActions(JobSetKind kind)
{
    public async Task<ActionResult> Run(DashboardCall call)
    {
        if (call.Field("action") != "edit")
        {
            return ActionResult.Failed("The page is of another version. Reload it.");
        }

        var entry = EntryKey.Parse(call.Route("key")) is { } key
            ? await key.Find(kind.Set, call.Aborted).ConfigureAwait(false)
            : null;
        if (entry?.Job is { } job && call.HidesArguments(job))
        {
            return ActionResult.Failed("The arguments of this job are hidden, so they cannot be edited here.");
        }

        // Never the arguments: the log has other readers.
        return ActionResult.One(
            $"edit and retry {kind.Path}",
            $"{call.Route("key")} on {(entry is null ? "no queue" : Show.Queue(entry))}",
            entry is not null
                && await kind.Set.RetryWith(entry, call.Given("args") ?? "", call.Aborted).ConfigureAwait(false),
            "The job is moved to its queue with the edited arguments",
            "The job has left the set, and nothing was changed: it was retried, edited or removed meanwhile"
        );
    }
}
