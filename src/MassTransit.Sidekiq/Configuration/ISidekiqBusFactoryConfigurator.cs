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
}
