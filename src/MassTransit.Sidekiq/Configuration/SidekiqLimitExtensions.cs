using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary><c>UseSidekiqLimit</c> for a consumer or endpoint: what limits its jobs need to start.</summary>
public static class SidekiqLimitExtensions
{
    /// <summary>
    /// Limits the jobs of the endpoint, for a definition that is independent of the transport. On another transport it does nothing.
    /// </summary>
    public static void UseSidekiqLimit(
        this IReceiveEndpointConfigurator configurator,
        Action<ISidekiqLimitsConfigurator> configure
    )
    {
        ArgumentNullException.ThrowIfNull(configurator);
        (configurator as ISidekiqReceiveEndpointConfigurator)?.UseSidekiqLimit(configure);
    }

    /// <summary>
    /// Limits the jobs that this consumer takes, beside the limits of its endpoint. Where several consumers take a job, the limits of all of
    /// them apply to it. On another transport it does nothing.
    /// </summary>
    public static void UseSidekiqLimit<TConsumer>(
        this IConsumerConfigurator<TConsumer> configurator,
        Action<ISidekiqLimitsConfigurator> configure
    )
        where TConsumer : class
    {
        ArgumentNullException.ThrowIfNull(configurator);
        ArgumentNullException.ThrowIfNull(configure);
        configurator.Options<ConsumerLimits>(limits => limits.Add(configure));
    }
}
