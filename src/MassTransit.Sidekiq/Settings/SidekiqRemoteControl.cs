namespace MassTransit;

/// <summary>What the Stop button of Sidekiq's Busy page does to this process. Quiet always stops fetching.</summary>
public enum SidekiqRemoteControl
{
    /// <summary>As <see cref="StopsHost" />; in a host that serves HTTP, as <see cref="StopsFetching" />.</summary>
    Automatic,

    /// <summary>Stop shuts the host down gracefully, as SIGTERM does; running jobs get their time to finish.</summary>
    StopsHost,

    /// <summary>Stop does what Quiet does: no more jobs are fetched, running ones finish, and the host keeps running.</summary>
    StopsFetching,

    /// <summary>Neither button does anything; Sidekiq 7 and later show none, as for Ruby's embedded processes.</summary>
    Off,
}
