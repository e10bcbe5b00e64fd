namespace MassTransit.Sidekiq;

internal sealed class BatchActions(ISidekiqInspector inspector)
{
    public async Task<ActionResult> Run(DashboardCall call)
    {
        if (call.Field("action") != "delete")
        {
            return ActionResult.Failed("The page is of another version. Reload it.");
        }

        return call.Field("id") is { } id
            ? ActionResult.One(
                "delete batch",
                id,
                await inspector.Batches.Delete(id, call.Aborted).ConfigureAwait(false),
                $"Batch {id} is deleted. Its jobs go on, and no callback comes any more",
                $"There is no batch {id} any more"
            )
            : ActionResult.Failed("Name the batch to delete by its id.");
    }
}
