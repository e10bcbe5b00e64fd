using MassTransit.DependencyInjection;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace MassTransit.Sidekiq;

// The services that `UsingSidekiq` registers beside the bus; for an additional bus, each under its `Bind`.
internal static class SidekiqServices
{
    public static void Register(IServiceCollection services)
    {
        services.TryAddSingleton<ISidekiqServer>(provider => new SidekiqServer(Runtime(provider)));
        services.TryAddSingleton<ISidekiqPeriodicJobs>(provider => new PeriodicJobs(Runtime(provider)));
        services.TryAddSingleton<IRecurringMessageScheduler>(provider => new RecurringMessageScheduler(
            provider.GetRequiredService<IBus>(),
            Runtime(provider)
        ));
        services.TryAddSingleton<ISidekiqInspector>(provider => new SidekiqInspector(Runtime(provider)));
        services.TryAddScoped<ISidekiqBatches>(provider => new SidekiqBatches(
            Runtime(provider),
            provider.GetRequiredService<IBus>(),
            provider.GetRequiredService<ISendEndpointProvider>(),
            provider.GetRequiredService<IPublishEndpoint>()
        ));
        AddHealthCheck<IBus>(services, "sidekiq", Runtime);
    }

    public static void Register<TBus>(IServiceCollection services)
        where TBus : class, IBus
    {
        services.TryAddSingleton(provider =>
            Bind<TBus>.Create<ISidekiqServer>(new SidekiqServer(Runtime<TBus>(provider)))
        );
        services.TryAddSingleton(provider =>
            Bind<TBus>.Create<ISidekiqPeriodicJobs>(new PeriodicJobs(Runtime<TBus>(provider)))
        );
        services.TryAddSingleton(provider =>
            Bind<TBus>.Create<IRecurringMessageScheduler>(
                new RecurringMessageScheduler(provider.GetRequiredService<TBus>(), Runtime<TBus>(provider))
            )
        );
        services.TryAddSingleton(provider =>
            Bind<TBus>.Create<ISidekiqInspector>(new SidekiqInspector(Runtime<TBus>(provider)))
        );
        services.TryAddScoped(provider =>
            Bind<TBus>.Create<ISidekiqBatches>(
                new SidekiqBatches(
                    Runtime<TBus>(provider),
                    provider.GetRequiredService<TBus>(),
                    provider.GetRequiredService<Bind<TBus, ISendEndpointProvider>>().Value,
                    provider.GetRequiredService<Bind<TBus, IPublishEndpoint>>().Value
                )
            )
        );
        AddHealthCheck<TBus>(services, $"sidekiq-{typeof(TBus).Name}", Runtime<TBus>);
    }

    // Once for each bus, even if a test configures it again: two checks of the same name are an error.
    static void AddHealthCheck<TBus>(
        IServiceCollection services,
        string name,
        Func<IServiceProvider, BusRuntime> runtime
    )
        where TBus : class, IBus
    {
        if (services.Any(service => service.ServiceType == typeof(SidekiqHealthCheck<TBus>)))
        {
            return;
        }

        services.AddSingleton(provider => new SidekiqHealthCheck<TBus>(runtime(provider)));
        services.AddSingleton(provider => new SidekiqLiveCheck<TBus>(runtime(provider)));
        services
            .AddHealthChecks()
            .AddCheck<SidekiqHealthCheck<TBus>>(name, tags: ["ready"])
            .AddCheck<SidekiqLiveCheck<TBus>>($"{name}-live", tags: ["live"]);
    }

    static BusRuntime Runtime(IServiceProvider provider) =>
        BusRuntime.Of(provider.GetRequiredService<Bind<IBus, IBusInstance>>().Value);

    static BusRuntime Runtime<TBus>(IServiceProvider provider)
        where TBus : class, IBus => BusRuntime.Of(provider.GetRequiredService<IBusInstance<TBus>>());
}
