namespace MassTransit.Sidekiq;

internal sealed record RunningModel(IReadOnlyList<SidekiqProcessInfo> Processes, IReadOnlyList<SidekiqWork> Work);

internal sealed class RunningReader(ISidekiqInspector inspector)
{
    public async Task<Page?> Read(DashboardCall call)
    {
        var (processes, work) = (inspector.Processes(call.Aborted), inspector.Work(call.Aborted));
        await Task.WhenAll(processes, work).ConfigureAwait(false);

        return Page.Of<Pages.RunningPage>("Running", new RunningModel(processes.Result, work.Result));
    }
}
