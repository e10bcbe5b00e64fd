namespace MassTransit.Sidekiq;

/// Finds the process anew each time: a bus that is started again is another one.
internal sealed class SidekiqServer(SidekiqHostConfiguration host) : ISidekiqServer
{
    const string Code = "code";

    public string Identity => host.Process.Identity;

    public SidekiqServerState State
    {
        get
        {
            return host.RunningProcess is not { Roster.Endpoints.Count: > 0 } process ? SidekiqServerState.Idle
                : process.Control.IsQuiet ? SidekiqServerState.Quiet
                : SidekiqServerState.Running;
        }
    }

    public int Busy => host.RunningProcess?.Roster.Busy ?? 0;

    public void Quiet() => host.Process.Control.Quiet(Code);

    public void Stop() => host.Process.Control.Stop(Code);
}
