namespace MassTransit.Sidekiq;

internal sealed class ProcessActions(ISidekiqInspector inspector)
{
    public async Task<ActionResult> Run(DashboardCall call)
    {
        var identity = call.Field("identity") ?? "";
        if (!call.IsAdmin)
        {
            return ActionResult.Failed("You may not quiet or stop processes.");
        }

        return call.Field("action") switch
        {
            "quiet" => ActionResult.One(
                "quiet process",
                identity,
                await inspector.Quiet(identity, call.Aborted).ConfigureAwait(false),
                $"{identity} is asked to take no more jobs, and hears of it with its next beat",
                $"There is no process {identity} any more"
            ),
            "stop" => ActionResult.One(
                "stop process",
                identity,
                await inspector.Stop(identity, call.Aborted).ConfigureAwait(false),
                $"{identity} is asked to stop, and hears of it with its next beat",
                $"There is no process {identity} any more"
            ),
            _ => ActionResult.Failed("The page is of another version. Reload it."),
        };
    }
}
