using MassTransit.DependencyInjection;
using MassTransit.Scheduling;
using MassTransit.Sidekiq;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace MassTransit;

/// <summary>Registers the message scheduler of the Sidekiq transport; <c>UsingSidekiq</c> does so by itself.</summary>
public static class SidekiqSchedulerExtensions
{
    /// <summary>
    /// Registers <see cref="IMessageScheduler" /> for a bus that is not configured by <c>UsingSidekiq</c> in this container.
    /// Scheduled messages are members of Sidekiq's <c>schedule</c> set; cancelling one removes it.
    /// </summary>
    public static void AddSidekiqMessageScheduler(this IBusRegistrationConfigurator configurator)
    {
        ArgumentNullException.ThrowIfNull(configurator);
        configurator.TryAddScoped<IMessageScheduler>(provider =>
            Scheduler(
                provider.GetRequiredService<Bind<IBus, IBusInstance>>().Value,
                provider.GetRequiredService<ISendEndpointProvider>()
            )
        );
    }

    /// <summary>As <see cref="AddSidekiqMessageScheduler(IBusRegistrationConfigurator)" />, for an additional bus: inject <c>Bind&lt;TBus, IMessageScheduler&gt;</c>.</summary>
    public static void AddSidekiqMessageScheduler<TBus>(this IBusRegistrationConfigurator<TBus> configurator)
        where TBus : class, IBus
    {
        ArgumentNullException.ThrowIfNull(configurator);
        configurator.TryAddScoped(provider =>
            Bind<TBus>.Create<IMessageScheduler>(
                Scheduler(
                    provider.GetRequiredService<IBusInstance<TBus>>(),
                    provider.GetRequiredService<Bind<TBus, ISendEndpointProvider>>().Value
                )
            )
        );
    }

    static MessageScheduler Scheduler(IBusInstance bus, ISendEndpointProvider sender)
    {
        var runtime = BusRuntime.Of(bus);

        return new MessageScheduler(new SidekiqScheduleMessageProvider(sender, runtime), runtime.Host.Topology);
    }
}
