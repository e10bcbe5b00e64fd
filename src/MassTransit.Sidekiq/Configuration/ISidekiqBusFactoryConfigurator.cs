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
}
