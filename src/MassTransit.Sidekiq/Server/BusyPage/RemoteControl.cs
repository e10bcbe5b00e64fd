using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// Quiets and stops this process, on request of the Web UI's buttons, of code, or of the host that stops.
// Quiet is final, as in Ruby: endpoints fetch no more, running jobs finish, and only a restart takes jobs again.
// Response endpoints continue, since running jobs may wait for responses.
#pragma warning disable CA1001 // It holds only a token source that lives as long as the process
internal sealed class RemoteControl(BusSettings settings, Roster roster, ILogger logger)
#pragma warning restore CA1001
{
    readonly CancellationTokenSource quiet = new();

    // Raised when the process becomes quiet. Handlers return at once.
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
                Quiet("the Web UI (Stop: the host keeps running)");
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

        // A bus that only sends fetches nothing, so there is nothing to log.
        if (roster.Endpoints.Count > 0)
        {
            logger.Quieted(roster.Busy, by);
        }

        quiet.Cancel();
        Changed?.Invoke(this, EventArgs.Empty);
    }

    // The host shuts the bus down gracefully: running jobs get their time to finish. Without a host it does only what Quiet does.
    public void Stop(string by)
    {
        Quiet(by);
        if (settings.Lifetime is { } lifetime)
        {
            logger.StopRequested(by);

            // Callbacks of the shutdown may run within this call, and would wait for its caller.
            _ = Task.Run(lifetime.StopApplication);
        }
    }

    void LogJobs()
    {
        foreach (var (_, run, elapsed) in roster.Endpoints.SelectMany(endpoint => endpoint.Running))
        {
            var job = run.Job;
            logger.Runs(job.Jid, job.Wrapped ?? job.Class, job.Queue, elapsed.TotalSeconds);
        }
    }
}
