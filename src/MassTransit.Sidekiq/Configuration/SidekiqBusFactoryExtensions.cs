using MassTransit.Sidekiq;
using Microsoft.Extensions.Options;

namespace MassTransit;

/// <summary>The entry points: <c>x.UsingSidekiq(…)</c> in a container, <c>Bus.Factory.CreateUsingSidekiq(…)</c> without one.</summary>
public static class SidekiqBusFactoryExtensions
{
    /// <summary>
    /// Runs this bus on Sidekiq's queues in Redis. Host settings come from <see cref="SidekiqTransportOptions" /> (for an
    /// additional bus: the options named after its bus interface), and <c>cfg.Host(…)</c> overrides them.
    /// </summary>
    /// <param name="configurator">The registration of the bus.</param>
    /// <param name="configure">Configures the bus: host, endpoints, job contracts.</param>
    /// <exception cref="ConfigurationException">At start: all configuration faults at once, each with its remedy.</exception>
    public static void UsingSidekiq(
        this IBusRegistrationConfigurator configurator,
        Action<IBusRegistrationContext, ISidekiqBusFactoryConfigurator>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(configurator);
        configurator.SetBusFactory(new SidekiqRegistrationBusFactory(configure));
        SidekiqSettingsValidator.Register(configurator, Options.DefaultName);
        configurator.AddSidekiqMessageScheduler();
        SidekiqServices.Register(configurator);
    }

    /// <summary>As <see cref="UsingSidekiq(IBusRegistrationConfigurator, Action{IBusRegistrationContext, ISidekiqBusFactoryConfigurator})" />, for an additional bus.</summary>
    /// <param name="configurator">The registration of the additional bus.</param>
    /// <param name="configure">Configures the bus: host, endpoints, job contracts.</param>
    public static void UsingSidekiq<TBus>(
        this IBusRegistrationConfigurator<TBus> configurator,
        Action<IBusRegistrationContext, ISidekiqBusFactoryConfigurator>? configure = null
    )
        where TBus : class, IBus
    {
        ArgumentNullException.ThrowIfNull(configurator);
        configurator.SetBusFactory(new SidekiqRegistrationBusFactory(configure));
        SidekiqSettingsValidator.Register(configurator, typeof(TBus).Name);
        configurator.AddSidekiqMessageScheduler<TBus>();
        SidekiqServices.Register<TBus>(configurator);
    }

    /// <summary>Creates a bus on Sidekiq's queues without a container.</summary>
    /// <param name="selector"><c>Bus.Factory</c>.</param>
    /// <param name="configure">Configures the bus: host, endpoints, job contracts.</param>
    /// <exception cref="ConfigurationException">All configuration faults at once, each with its remedy.</exception>
    public static IBusControl CreateUsingSidekiq(
        this IBusFactorySelector selector,
        Action<ISidekiqBusFactoryConfigurator> configure
    )
    {
        ArgumentNullException.ThrowIfNull(selector);
        ArgumentNullException.ThrowIfNull(configure);

        var bus = new SidekiqBusConfiguration();
        var configurator = new SidekiqBusFactoryConfigurator(bus);
        configure(configurator);

        return configurator.Build(bus);
    }
}
