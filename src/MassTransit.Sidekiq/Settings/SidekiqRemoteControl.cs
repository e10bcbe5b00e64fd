namespace MassTransit;

/// <summary>What the button Stop on Sidekiq's Busy page does to this process. Quiet always ends the fetching of jobs.</summary>
public enum SidekiqRemoteControl
{
    /// <summary>As <see cref="StopsHost" />; in a host that serves HTTP, as <see cref="StopsFetching" />.</summary>
    Automatic,

    /// <summary>Stop ends the host gracefully, as SIGTERM does; running jobs get their time.</summary>
    StopsHost,

    /// <summary>Stop does what Quiet does: no more jobs are fetched, running ones finish, and the host goes on.</summary>
    StopsFetching,

    /// <summary>Neither button does anything; Sidekiq 7 and later show none, as for Ruby's embedded processes.</summary>
    Off,
}
