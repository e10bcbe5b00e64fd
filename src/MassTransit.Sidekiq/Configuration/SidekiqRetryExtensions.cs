using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary><c>UseSidekiqRetry</c> for whatever fails jobs: what becomes of those of one consumer, saga, handler or endpoint.</summary>
public static class SidekiqRetryExtensions
{
    /// <summary>
    /// What becomes of the endpoint's failed jobs, for a definition that is not written for one transport. On another
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

    /// <summary>What becomes of the jobs that this consumer fails; it wins over the endpoint's. On another transport it does nothing.</summary>
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

    /// <summary>What becomes of the jobs that this saga fails; it wins over the endpoint's. On another transport it does nothing.</summary>
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

    /// <summary>What becomes of the jobs that this handler fails; it wins over the endpoint's. On another transport it does nothing.</summary>
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
