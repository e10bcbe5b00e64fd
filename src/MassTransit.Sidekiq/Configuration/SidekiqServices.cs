using MassTransit.DependencyInjection;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace MassTransit.Sidekiq;

/// What `UsingSidekiq` registers beside the bus; for a further bus, each under its `Bind`.
internal static class SidekiqServices
{
    public static void Register(IServiceCollection services)
    {
        services.TryAddSingleton<ISidekiqServer>(provider => new SidekiqServer(Host(provider)));
        services.TryAddSingleton<ISidekiqPeriodicJobs>(provider => new PeriodicJobs(Host(provider)));
        services.TryAddSingleton<IRecurringMessageScheduler>(provider => new RecurringMessageScheduler(
            provider.GetRequiredService<IBus>(),
            Host(provider)
        ));
        services.TryAddSingleton<ISidekiqInspector>(provider => new SidekiqInspector(Host(provider)));
        AddHealthCheck<IBus>(services, "sidekiq", Host);
    }

    public static void Register<TBus>(IServiceCollection services)
        where TBus : class, IBus
    {
        services.TryAddSingleton(provider =>
            Bind<TBus>.Create<ISidekiqServer>(new SidekiqServer(Host<TBus>(provider)))
        );
        services.TryAddSingleton(provider =>
            Bind<TBus>.Create<ISidekiqPeriodicJobs>(new PeriodicJobs(Host<TBus>(provider)))
        );
        services.TryAddSingleton(provider =>
            Bind<TBus>.Create<IRecurringMessageScheduler>(
                new RecurringMessageScheduler(provider.GetRequiredService<TBus>(), Host<TBus>(provider))
            )
        );
        services.TryAddSingleton(provider =>
            Bind<TBus>.Create<ISidekiqInspector>(new SidekiqInspector(Host<TBus>(provider)))
        );
        AddHealthCheck<TBus>(services, $"sidekiq-{typeof(TBus).Name}", Host<TBus>);
    }

    /// Once for each bus, though a test configures it anew: two checks of one name are an error.
    static void AddHealthCheck<TBus>(
        IServiceCollection services,
        string name,
        Func<IServiceProvider, SidekiqHostConfiguration> host
    )
        where TBus : class, IBus
    {
        if (services.Any(service => service.ServiceType == typeof(SidekiqHealthCheck<TBus>)))
        {
            return;
        }

        services.AddSingleton(provider => new SidekiqHealthCheck<TBus>(host(provider)));
        services.AddHealthChecks().AddCheck<SidekiqHealthCheck<TBus>>(name, tags: ["ready"]);
    }

    public static SidekiqHostConfiguration HostOf(IBusInstance bus) =>
        bus.HostConfiguration as SidekiqHostConfiguration
        ?? throw new ConfigurationException(
            $"Bus {bus.InstanceType.Name} runs on {bus.HostConfiguration.HostAddress}, not on Sidekiq. Configure it with UsingSidekiq, or use what its transport offers."
        );

    static SidekiqHostConfiguration Host(IServiceProvider provider) =>
        HostOf(provider.GetRequiredService<Bind<IBus, IBusInstance>>().Value);

    static SidekiqHostConfiguration Host<TBus>(IServiceProvider provider)
        where TBus : class, IBus => HostOf(provider.GetRequiredService<IBusInstance<TBus>>());
}
