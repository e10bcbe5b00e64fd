namespace MassTransit.Sidekiq;

// Looks the process up on each call: a bus that is started again is another process.
internal sealed class SidekiqServer(BusRuntime runtime) : ISidekiqServer
{
    const string Code = "code";

    public string Identity => runtime.Process.Identity;

    public SidekiqServerState State
    {
        get
        {
            return runtime.RunningProcess is not { Roster.Endpoints.Count: > 0 } process ? SidekiqServerState.Idle
                : process.Control.IsQuiet ? SidekiqServerState.Quiet
                : SidekiqServerState.Running;
        }
    }

    public int Busy => runtime.RunningProcess?.Roster.Busy ?? 0;

    public void Quiet() => runtime.Process.Control.Quiet(Code);

    public void Stop() => runtime.Process.Control.Stop(Code);
}
