using MassTransit.DependencyInjection;
using MassTransit.Middleware;
using MassTransit.Scheduling;
using MassTransit.Testing;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace MassTransit.Sidekiq;

// Closes over the type of the bus, which AddSidekiqOutbox determines at run time.
internal abstract class OutboxRegistration
{
    public abstract void Register(IBusRegistrationConfigurator services);
}

internal sealed class OutboxRegistration<TBus, TDbContext>(SidekiqOutboxOptions options) : OutboxRegistration
    where TBus : class, IBus
    where TDbContext : DbContext
{
    public override void Register(IBusRegistrationConfigurator services)
    {
        if (services.Any(service => service.ServiceType == typeof(OutboxSettings<TDbContext>)))
        {
            throw new ConfigurationException(
                $"{typeof(TDbContext).Name} has an outbox already. Its messages go to one bus: give each bus a context of its own, and call AddSidekiqOutbox once for each."
            );
        }

        AddServices(services);
        services.ConfigureDbContext<TDbContext>(
            (provider, builder) =>
            {
                provider.GetRequiredService<BypassWatch<TDbContext>>().Enter();
                builder.AddInterceptors(provider.GetRequiredService<OutboxInterceptor<TDbContext>>());
            }
        );
        services
            .AddHealthChecks()
            .AddCheck<OutboxHealthCheck<TDbContext>>($"sidekiq-outbox-{typeof(TDbContext).Name}", tags: ["ready"]);

        if (options.IsBusOutbox)
        {
            services.ReplaceScoped<IScopedBusContextProvider<TBus>, OutboxBusContextProvider<TBus, TDbContext>>();
            AddScheduler(services);
        }

        services.AddBusObserver(provider => new OutboxPrecondition<TDbContext>(
            provider.GetRequiredService<OutboxBus<TDbContext>>(),
            provider.GetRequiredService<OutboxDatabase<TDbContext>>()
        ));
        if (options.IsBusOutbox)
        {
            services.AddBusObserver(Watch);
        }

        if (options.HasRelay)
        {
            services.AddBusObserver(Relay);
        }
        else
        {
            services.AddBusObserver(Notifier);
        }
    }

    // MassTransit registers the instance of a further bus under another type than that of the first.
    static IBusInstance Bus(IServiceProvider provider) =>
        provider.GetService<IBusInstance<TBus>>() ?? provider.GetRequiredService<Bind<TBus, IBusInstance>>().Value;

    static BusRuntime Runtime(IServiceProvider provider) =>
        provider.GetRequiredService<OutboxBus<TDbContext>>().Runtime;

    void AddServices(IServiceCollection services)
    {
        services.AddSingleton(new OutboxSettings<TDbContext>(options));
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<OutboxSignal<TDbContext>>();
        services.TryAddSingleton<CarriedMessages<TDbContext>>();
        services.TryAddSingleton<OutboxInterceptor<TDbContext>>();
        services.TryAddSingleton<BypassWatch<TDbContext>>();
        services.TryAddSingleton<OutboxLog<TDbContext>>();
        services.TryAddSingleton<DrainedMinute<TDbContext>>();
        services.TryAddSingleton<OutboxMonitor<TDbContext>>();
        services.TryAddSingleton(provider => new OutboxBus<TDbContext>(() => Bus(provider)));
        services.TryAddSingleton<OutboxStore<TDbContext>>();
        services.TryAddSingleton<OutboxDatabase<TDbContext>>();
        services.TryAddSingleton<LedgerStore<TDbContext>>();
        services.TryAddSingleton<OutboxListener<TDbContext>>();
        services.TryAddSingleton<IOutboxInspector<TDbContext>, OutboxInspector<TDbContext>>();
        services.TryAddSingleton<IOutboxInspector>(provider =>
            provider.GetRequiredService<IOutboxInspector<TDbContext>>()
        );
        services.AddSingleton<ITestedOutbox>(provider => new TestedOutbox<TDbContext>(
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetRequiredService<OutboxSettings<TDbContext>>(),
            provider.GetRequiredService<IOutboxInspector<TDbContext>>(),
            provider.GetRequiredService<OutboxSignal<TDbContext>>(),
            provider.GetRequiredService<OutboxBus<TDbContext>>(),
            provider.GetRequiredService<TimeProvider>()
        ));
        services.AddSingleton<ISidekiqOutbox>(provider =>
            ActivatorUtilities.CreateInstance<OutboxView<TDbContext>>(provider, typeof(TBus))
        );
        services.TryAddScoped(provider => new OutboxStage<TDbContext>(
            new Lazy<TDbContext>(provider.GetRequiredService<TDbContext>),
            provider.GetRequiredService<OutboxSignal<TDbContext>>(),
            provider.GetRequiredService<CarriedMessages<TDbContext>>(),
            provider.GetRequiredService<OutboxLog<TDbContext>>(),
            Runtime(provider),
            provider.GetRequiredService<TimeProvider>()
        ));
        services.TryAddScoped<IOutboxContextFactory<TDbContext>, InboxContextFactory<TDbContext>>();
    }

    static void AddScheduler(IServiceCollection services)
    {
        if (typeof(TBus) == typeof(IBus))
        {
            services.AddScoped(Scheduler);
        }
        else
        {
            services.AddScoped(provider => Bind<TBus>.Create(Scheduler(provider)));
        }
    }

    static IMessageScheduler Scheduler(IServiceProvider provider)
    {
        var context = provider.GetRequiredService<IScopedBusContextProvider<TBus>>().Context;
        var sender = context.SendEndpointProvider;
        var bus = provider.GetRequiredService<OutboxBus<TDbContext>>();
        return bus.IsInMemory
            ? new MessageScheduler(new DelayedScheduleMessageProvider(sender), bus.Instance.HostConfiguration.Topology)
            : new MessageScheduler(
                new OutboxScheduleProvider<TDbContext>(
                    new SidekiqScheduleMessageProvider(sender, bus.Runtime),
                    () =>
                        context is ScopeEndpoints { IsStaged: true }
                            ? provider.GetRequiredService<OutboxStage<TDbContext>>()
                            : null
                ),
                bus.Runtime.Host.Topology
            );
    }

    // The bus is resolved later: the observer is created while the bus is.
    static OutboxRelay<TDbContext> Relay(IServiceProvider provider) =>
        new(
            provider.GetRequiredService<OutboxStore<TDbContext>>(),
            provider.GetRequiredService<OutboxListener<TDbContext>>(),
            provider.GetRequiredService<OutboxSettings<TDbContext>>(),
            provider.GetRequiredService<OutboxSignal<TDbContext>>(),
            provider.GetRequiredService<OutboxMonitor<TDbContext>>(),
            () => Bus(provider),
            () => Runtime(provider),
            () => Keeper(provider),
            provider.GetRequiredService<OutboxDatabase<TDbContext>>(),
            provider.GetRequiredService<TimeProvider>()
        )
        {
            IsHeld = provider.GetService<ISidekiqTestHarness>() is not null,
        };

    static LedgerKeeper<TDbContext>? Keeper(IServiceProvider provider)
    {
        var settings = provider.GetRequiredService<OutboxSettings<TDbContext>>();
        return settings.Options.Ledger is null
            ? null
            : new LedgerKeeper<TDbContext>(
                provider.GetRequiredService<LedgerStore<TDbContext>>(),
                settings,
                provider.GetRequiredService<OutboxLog<TDbContext>>(),
                Runtime(provider),
                provider.GetRequiredService<TimeProvider>()
            );
    }

    static BypassObserver<TDbContext> Watch(IServiceProvider provider) =>
        new(provider.GetRequiredService<BypassWatch<TDbContext>>(), () => Bus(provider));

    static OutboxNotifier<TDbContext> Notifier(IServiceProvider provider) =>
        new(
            provider.GetRequiredService<OutboxListener<TDbContext>>(),
            provider.GetRequiredService<OutboxSignal<TDbContext>>(),
            provider.GetRequiredService<OutboxDatabase<TDbContext>>(),
            () => Bus(provider),
            provider.GetRequiredService<TimeProvider>()
        );
}
