namespace MassTransit.Sidekiq;

internal sealed class PeriodicActions(ISidekiqInspector inspector)
{
    public async Task<ActionResult> Run(DashboardCall call)
    {
        var (id, jobs) = (call.Field("id") ?? "", inspector.Periodic);
        var gone = $"There is no periodic job {id} any more";
        return call.Field("action") switch
        {
            "run" => ActionResult.One(
                "run periodic job",
                id,
                await jobs.Run(id).ConfigureAwait(false),
                $"{id} is enqueued",
                gone
            ),
            "pause" => ActionResult.One(
                "pause periodic job",
                id,
                await jobs.Pause(id).ConfigureAwait(false),
                $"{id} is paused",
                $"{id} was not running"
            ),
            "resume" => ActionResult.One(
                "resume periodic job",
                id,
                await jobs.Resume(id).ConfigureAwait(false),
                $"{id} goes on",
                gone
            ),
            "remove" when call.IsAdmin => ActionResult.One(
                "remove periodic job",
                id,
                await jobs.Remove(id).ConfigureAwait(false),
                $"{id} is removed",
                gone
            ),
            _ => ActionResult.Failed("You may not do this, or the page is of another version. Reload it."),
        };
    }
}
