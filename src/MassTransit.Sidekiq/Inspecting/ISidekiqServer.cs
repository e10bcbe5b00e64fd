namespace MassTransit;

/// <summary>What a process on Sidekiq's Busy page does at the moment.</summary>
public enum SidekiqServerState
{
    /// <summary>No endpoint takes jobs: the bus has not started, has stopped, or only sends. It is not on the page.</summary>
    Idle,

    /// <summary>Its endpoints take jobs.</summary>
    Running,

    /// <summary>Its endpoints take no more jobs; running ones finish. Only a restart changes that.</summary>
    Quiet,
}

/// <summary>
/// This bus as the Sidekiq process it is. Inject it, or <c>Bind&lt;TBus, ISidekiqServer&gt;</c> for a further bus.
/// </summary>
public interface ISidekiqServer
{
    /// <summary>Its name on the Busy page and in Redis: host, process id and a random part, new for each start of the bus.</summary>
    string Identity { get; }

    /// <summary>What it does at the moment.</summary>
    SidekiqServerState State { get; }

    /// <summary>How many jobs it runs now. Zero after <see cref="Quiet" /> means that all have finished.</summary>
    int Busy { get; }

    /// <summary>
    /// Takes no more jobs, as the button Quiet: what has not started goes back to its queue, what runs may finish. Sending,
    /// requests and their answers go on. Before a deploy it shortens the stop. It cannot be undone but by a restart.
    /// </summary>
    void Quiet();

    /// <summary>
    /// Ends the host gracefully, as SIGTERM does; running jobs get the time that <c>MassTransitHostOptions</c> and
    /// <c>HostOptions.ShutdownTimeout</c> give them. Without a host it does what <see cref="Quiet" /> does.
    /// </summary>
    void Stop();
}
