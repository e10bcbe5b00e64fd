namespace MassTransit.Sidekiq;

internal sealed class RunningActions(ISidekiqInspector inspector)
{
    public async Task<ActionResult> Run(DashboardCall call)
    {
        if (call.Field("action") == "cancel")
        {
            return call.Field("jid") is { } jid
                ? Told(jid, await inspector.Cancel(jid, call.Aborted).ConfigureAwait(false))
                : ActionResult.Failed("Name the job to cancel by its jid.");
        }

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

    static ActionResult Told(string jid, SidekiqCancellation cancelled) =>
        ActionResult.One(
            "cancel job",
            jid,
            cancelled != SidekiqCancellation.NotFound,
            cancelled == SidekiqCancellation.Removed
                ? "The job had gone back to wait, and is removed"
                : "The job is asked to stop; jobs of .NET and iterable jobs of Ruby do",
            "The job was not found. It has ended, or is asked to stop when it runs"
        );
}
