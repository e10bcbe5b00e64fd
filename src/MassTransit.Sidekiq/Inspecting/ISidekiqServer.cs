namespace MassTransit;

/// <summary>The state of a process on Sidekiq's Busy page.</summary>
public enum SidekiqServerState
{
    /// <summary>No endpoint takes jobs: the bus has not started, has stopped, or only sends. It is not listed on the page.</summary>
    Idle,

    /// <summary>Its endpoints take jobs.</summary>
    Running,

    /// <summary>Its endpoints take no more jobs; running ones finish. Only a restart changes that.</summary>
    Quiet,
}

/// <summary>
/// This bus as a Sidekiq process. Inject it, or <c>Bind&lt;TBus, ISidekiqServer&gt;</c> for an additional bus.
/// </summary>
public interface ISidekiqServer
{
    /// <summary>Its name on the Busy page and in Redis: host, process id and a random part, new for each start of the bus.</summary>
    string Identity { get; }

    /// <summary>The current state.</summary>
    SidekiqServerState State { get; }

    /// <summary>The number of running jobs. Zero after <see cref="Quiet" /> means that all have finished.</summary>
    int Busy { get; }

    /// <summary>
    /// Takes no more jobs, like the Quiet button: jobs that have not started are returned to their queues, running jobs finish.
    /// Sending, requests and their responses continue. Before a deploy it shortens the shutdown. Only a restart undoes it.
    /// </summary>
    void Quiet();

    /// <summary>
    /// Shuts the host down gracefully, as SIGTERM does; running jobs get the time that <c>MassTransitHostOptions</c> and
    /// <c>HostOptions.ShutdownTimeout</c> allow. Without a host it does what <see cref="Quiet" /> does.
    /// </summary>
    void Stop();
}
