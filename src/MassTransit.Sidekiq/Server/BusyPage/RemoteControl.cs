using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// What is asked of this process by the Web UI's buttons, by code, or by the end of its host.
// Quiet is final, as in Ruby: endpoints fetch no more, running jobs finish, and only a restart takes jobs again.
// Endpoints that hold answers go on, since running jobs may wait for some.
#pragma warning disable CA1001 // Nothing is held but a token that lives as long as the process
internal sealed class RemoteControl(BusSettings settings, Roster roster, ILogger logger)
#pragma warning restore CA1001
{
    readonly CancellationTokenSource quiet = new();

    // Something was asked for. Handlers return at once.
    public event EventHandler? Changed;

    public CancellationToken Quieted => quiet.Token;

    public bool IsQuiet => quiet.IsCancellationRequested;

    public bool IsOff => settings.Options.RemoteControl == SidekiqRemoteControl.Off;

    bool CanStopHost =>
        settings.Lifetime is not null
        && settings.Options.RemoteControl switch
        {
            SidekiqRemoteControl.StopsHost => true,
            SidekiqRemoteControl.Automatic => !settings.IsWebHost,
            _ => false,
        };

    // A signal from the Web UI. Unknown ones, which newer versions may send, are ignored as in Ruby.
    public void Obey(string signal)
    {
        if (IsOff)
        {
            return;
        }

        switch (signal)
        {
            case "TSTP":
                Quiet("the Web UI");
                break;
            case "TERM" when CanStopHost:
                Stop("the Web UI");
                break;
            case "TERM":
                Quiet("the Web UI (Stop: its host goes on)");
                break;
            case "TTIN":
                LogJobs();
                break;
            default:
                LogContext.Debug?.Log("Signal {Signal} is unknown", signal);
                break;
        }
    }

    public void Quiet(string by)
    {
        if (IsQuiet)
        {
            return;
        }

        // A bus that only sends has nothing to fall quiet.
        if (roster.Endpoints.Count > 0)
        {
            logger.Quieted(roster.Busy, by);
        }

        quiet.Cancel();
        Changed?.Invoke(this, EventArgs.Empty);
    }

    // The host stops the bus as at any end: running jobs get their time. Without a host that is all that Quiet does.
    public void Stop(string by)
    {
        Quiet(by);
        if (settings.Lifetime is { } lifetime)
        {
            logger.StopRequested(by);

            // Whoever waits for the end may run within this call, and would wait for us.
            _ = Task.Run(lifetime.StopApplication);
        }
    }

    void LogJobs()
    {
        foreach (var (_, job, elapsed) in roster.Endpoints.SelectMany(endpoint => endpoint.Running))
        {
            logger.Runs(job.Jid, job.Wrapped ?? job.Class, job.Queue, elapsed.TotalSeconds);
        }
    }
}
