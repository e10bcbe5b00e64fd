namespace MassTransit;

/// <summary>A bus on Sidekiq's queues.</summary>
public interface ISidekiqBusFactoryConfigurator : IBusFactoryConfigurator<ISidekiqReceiveEndpointConfigurator>
{
    /// <summary>Redis as a URL: <c>redis://user:password@host:6379/0</c>, or <c>rediss://</c> for TLS.</summary>
    void Host(string url, Action<ISidekiqHostConfigurator>? configure = null);

    /// <summary>Redis as a URL: <c>redis://user:password@host:6379/0</c>, or <c>rediss://</c> for TLS.</summary>
    void Host(Uri url, Action<ISidekiqHostConfigurator>? configure = null);

    /// <summary>Redis by its settings. Default: localhost:6379, database 0.</summary>
    void Host(Action<ISidekiqHostConfigurator> configure);

    /// <summary>
    /// Says how a message looks as a Sidekiq job: class name, queue, arguments, retry. It wins over
    /// <see cref="SidekiqJobAttribute" />. Default: the .NET name as a Ruby constant, one hash argument.
    /// </summary>
    void Job<T>(Action<ISidekiqJobConfigurator> configure)
        where T : class;

    /// <summary>
    /// What becomes of failed jobs, on every endpoint that does not say. Default: Sidekiq's 25 retries over three weeks,
    /// then the dead set.
    /// </summary>
    void UseSidekiqRetry(Action<ISidekiqRetryConfigurator> configure);

    /// <summary>
    /// Called once for each job that dies in this process: out of retries, killed or dropped by its policy, killed through
    /// this bus's inspector, or poison. The job is as it stands in the dead set, error fields included. It runs after the
    /// move; when it throws, that is logged. A process that is killed between the two does not call it. Sidekiq's Web UI
    /// kills jobs in the Ruby process, whose own death handlers hear of it.
    /// </summary>
    void OnJobDeath(Func<SidekiqJob, Exception, Task> handler);

    /// <summary>
    /// Publishes a message again and again: <c>cfg.Periodic("nightly", "0 8 * * *", "Europe/Berlin", new CloseBooks())</c>.
    /// However many processes declare it, each run is enqueued once. It reaches who subscribed and the queue of the message's
    /// contract, or the queue that <paramref name="configure" /> names. What the code declares no more is dropped from Redis
    /// when the application starts without it.
    /// </summary>
    /// <param name="name">By what it is known in Redis, the log and the listing; one job of the application for each name.</param>
    /// <param name="cron">
    /// Minute, hour, day, month and weekday as in a crontab (Sunday is 0 or 7), or six fields with seconds before them, or
    /// <c>@hourly</c>, <c>@daily</c>, <c>@weekly</c>, <c>@monthly</c>, <c>@yearly</c>. Where clocks are changed: a time that
    /// names its hour comes once a day, at the change if the clocks skip it; every hour (<c>*</c>) goes with elapsed time.
    /// </param>
    /// <param name="timeZone">The place whose clocks count, as IANA names it: <c>Europe/Berlin</c>, <c>Etc/UTC</c>.</param>
    /// <param name="message">What is published; the same at each run, with a message id of its own.</param>
    /// <param name="configure">Queue, retries, and how late a missed run is made up for (one hour by default).</param>
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
    /// <param name="name">By what it is known in Redis, the log and the listing; one job of the application for each name.</param>
    /// <param name="cron">As in <see cref="Periodic{T}" />.</param>
    /// <param name="timeZone">The place whose clocks count, as IANA names it.</param>
    /// <param name="jobClass">The class that Ruby runs.</param>
    /// <param name="args">Its arguments: text, numbers, booleans, null, or what becomes JSON of those.</param>
    /// <param name="configure">Queue (<c>default</c> by default), retries, and how late a missed run is made up for.</param>
    void PeriodicJob(
        string name,
        string cron,
        string timeZone,
        string jobClass,
        object?[]? args = null,
        Action<ISidekiqPeriodicConfigurator>? configure = null
    );
}
