namespace MassTransit;

/// <summary>Configures a bus on Sidekiq's queues.</summary>
public interface ISidekiqBusFactoryConfigurator : IBusFactoryConfigurator<ISidekiqReceiveEndpointConfigurator>
{
    /// <summary>Redis as a URL: <c>redis://user:password@host:6379/0</c>, or <c>rediss://</c> for TLS.</summary>
    void Host(string url, Action<ISidekiqHostConfigurator>? configure = null);

    /// <summary>Redis as a URL: <c>redis://user:password@host:6379/0</c>, or <c>rediss://</c> for TLS.</summary>
    void Host(Uri url, Action<ISidekiqHostConfigurator>? configure = null);

    /// <summary>Redis by its settings. Default: localhost:6379, database 0.</summary>
    void Host(Action<ISidekiqHostConfigurator> configure);

    /// <summary>
    /// Configures how a message is written as a Sidekiq job: class name, queue, arguments, retry. Takes precedence over
    /// <see cref="SidekiqJobAttribute" />. Default: the .NET name as a Ruby constant, one hash argument.
    /// </summary>
    void Job<T>(Action<ISidekiqJobConfigurator> configure)
        where T : class;

    /// <summary>
    /// Configures the retries of failed jobs, on every endpoint that does not configure its own. Default: Sidekiq's 25 retries
    /// over three weeks, then the dead set.
    /// </summary>
    void UseSidekiqRetry(Action<ISidekiqRetryConfigurator> configure);

    /// <summary>
    /// Adds a death handler, called once for each job that dies in this process: out of retries, killed or dropped by its
    /// policy, killed through this bus's inspector, or poison. The job is passed as stored in the dead set, error fields
    /// included. The handler runs after the move; an exception it throws is logged. A process that is killed between the two
    /// does not call it. Sidekiq's Web UI kills jobs in the Ruby process, which calls its own death handlers.
    /// </summary>
    void OnJobDeath(Func<SidekiqJob, Exception, Task> handler);

    /// <summary>
    /// Publishes a message periodically: <c>cfg.Periodic("nightly", "0 8 * * *", "Europe/Berlin", new CloseBooks())</c>.
    /// However many processes declare it, each run is enqueued once. It reaches the subscribers and the queue of the message's
    /// contract, or the queue that <paramref name="configure" /> names. A job that the code no longer declares is dropped from
    /// Redis when the application starts without it.
    /// </summary>
    /// <param name="name">Its name in Redis, the log and listings, unique within the application.</param>
    /// <param name="cron">
    /// Minute, hour, day, month and weekday as in a crontab (Sunday is 0 or 7), or six fields with seconds first, or
    /// <c>@hourly</c>, <c>@daily</c>, <c>@weekly</c>, <c>@monthly</c>, <c>@yearly</c>. When clocks are changed: a time with a
    /// fixed hour runs once a day, at the change if the clocks skip it; every hour (<c>*</c>) follows elapsed time.
    /// </param>
    /// <param name="timeZone">The IANA time zone that the schedule is in: <c>Europe/Berlin</c>, <c>Etc/UTC</c>.</param>
    /// <param name="message">The message: the same at each run, with its own message id.</param>
    /// <param name="configure">Queue, retries, and how late a missed run is still caught up (one hour by default).</param>
    void Periodic<T>(
        string name,
        string cron,
        string timeZone,
        T message,
        Action<ISidekiqPeriodicConfigurator>? configure = null
    )
        where T : class;

    /// <summary>
    /// As <see cref="Periodic{T}" />, for a Ruby class and its arguments:
    /// <c>cfg.PeriodicJob("sweep", "*/10 * * * *", "Etc/UTC", "SweepWorker", [30], p =&gt; p.Queue("low"))</c>.
    /// </summary>
    /// <param name="name">Its name in Redis, the log and listings, unique within the application.</param>
    /// <param name="cron">As in <see cref="Periodic{T}" />.</param>
    /// <param name="timeZone">The IANA time zone that the schedule is in.</param>
    /// <param name="jobClass">The class that Ruby runs.</param>
    /// <param name="args">Its arguments: strings, numbers, booleans, null, or objects that serialize to JSON.</param>
    /// <param name="configure">Queue (<c>default</c> by default), retries, and how late a missed run is still caught up.</param>
    void PeriodicJob(
        string name,
        string cron,
        string timeZone,
        string jobClass,
        object?[]? args = null,
        Action<ISidekiqPeriodicConfigurator>? configure = null
    );
}
