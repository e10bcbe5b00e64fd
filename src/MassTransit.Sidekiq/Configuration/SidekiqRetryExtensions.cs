using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary><c>UseSidekiqRetry</c> for a consumer, saga, handler or endpoint: configures the retries of its failed jobs.</summary>
public static class SidekiqRetryExtensions
{
    /// <summary>
    /// Configures the retries of the endpoint's failed jobs, for a definition that is independent of the transport. On another
    /// transport it does nothing.
    /// </summary>
    public static void UseSidekiqRetry(
        this IReceiveEndpointConfigurator configurator,
        Action<ISidekiqRetryConfigurator> configure
    )
    {
        ArgumentNullException.ThrowIfNull(configurator);
        (configurator as ISidekiqReceiveEndpointConfigurator)?.UseSidekiqRetry(configure);
    }

    /// <summary>Configures the retries of this consumer's failed jobs; takes precedence over the endpoint's. On another transport it does nothing.</summary>
    public static void UseSidekiqRetry<TConsumer>(
        this IConsumerConfigurator<TConsumer> configurator,
        Action<ISidekiqRetryConfigurator> configure
    )
        where TConsumer : class
    {
        ArgumentNullException.ThrowIfNull(configurator);
        configurator.AddPipeSpecification(
            new ConsumerRetrySpecification<ConsumerConsumeContext<TConsumer>>(RetryConfigurator.Options(configure))
        );
    }

    /// <summary>Configures the retries of this saga's failed jobs; takes precedence over the endpoint's. On another transport it does nothing.</summary>
    public static void UseSidekiqRetry<TSaga>(
        this ISagaConfigurator<TSaga> configurator,
        Action<ISidekiqRetryConfigurator> configure
    )
        where TSaga : class, ISaga
    {
        ArgumentNullException.ThrowIfNull(configurator);
        configurator.AddPipeSpecification(
            new ConsumerRetrySpecification<SagaConsumeContext<TSaga>>(RetryConfigurator.Options(configure))
        );
    }

    /// <summary>Configures the retries of this handler's failed jobs; takes precedence over the endpoint's. On another transport it does nothing.</summary>
    public static void UseSidekiqRetry<TMessage>(
        this IHandlerConfigurator<TMessage> configurator,
        Action<ISidekiqRetryConfigurator> configure
    )
        where TMessage : class
    {
        ArgumentNullException.ThrowIfNull(configurator);
        configurator.AddPipeSpecification(
            new ConsumerRetrySpecification<ConsumeContext<TMessage>>(RetryConfigurator.Options(configure))
        );
    }
}
