using MassTransit.Logging;
using MassTransit.Sidekiq;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace MassTransit;

/// <summary>An <see cref="ISidekiqInspector" /> for a process that has no bus, such as one that only serves the dashboard.</summary>
public static class SidekiqInspectorExtensions
{
    /// <summary>
    /// Registers an <see cref="ISidekiqInspector" /> of a Redis. It connects when it is first used, reconnects and logs outages as a bus
    /// does, and closes its connections with the container. It runs nothing by itself and is not a process in Redis: it writes only
    /// what its methods are asked to. Handlers of <c>OnJobDeath</c> belong to a bus, so <c>Kill</c> calls none. Beside
    /// <c>UsingSidekiq</c>, in either order, the injected inspector is this one.
    /// </summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="address">
    /// Redis as a URL, <c>redis://user:password@host:6379/0</c>, or <c>rediss://</c> for TLS; or as a connection string of
    /// StackExchange.Redis.
    /// </param>
    /// <param name="configure">
    /// The settings of <c>cfg.Host</c>: key prefix, TLS, sentinels, a connection of your own. Those that concern sending, receiving
    /// and the Busy page have no effect. Default: none.
    /// </param>
    /// <exception cref="ConfigurationException">The services have such an inspector already.</exception>
    /// <exception cref="OptionsValidationException">
    /// When the host starts, or the inspector is first asked for: all faults of the address and the settings at once, each with its
    /// remedy.
    /// </exception>
    public static IServiceCollection AddSidekiqInspector(
        this IServiceCollection services,
        string address,
        Action<ISidekiqHostConfigurator>? configure = null
    )
    {
        Add(
            services,
            Options.DefaultName,
            address,
            configure,
            "The container has a Sidekiq inspector already. Add that of another Redis with AddKeyedSidekiqInspector(\"billing\", \"redis://…\")."
        );
        // Not TryAdd: an address that is named takes precedence over that of the bus, whichever was registered first.
        return services.Replace(
            ServiceDescriptor.Singleton<ISidekiqInspector>(provider => Create(provider, Options.DefaultName))
        );
    }

    /// <summary>
    /// As <see cref="AddSidekiqInspector" />, as a keyed service, for another Redis:
    /// <c>services.GetRequiredKeyedService&lt;ISidekiqInspector&gt;("billing")</c>.
    /// </summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="key">The key of the service, a name for this Redis.</param>
    /// <param name="address">Redis, as in <see cref="AddSidekiqInspector" />.</param>
    /// <param name="configure">The settings, as in <see cref="AddSidekiqInspector" />. Default: none.</param>
    /// <exception cref="ConfigurationException">The services have an inspector of this key already.</exception>
    /// <exception cref="OptionsValidationException">As in <see cref="AddSidekiqInspector" />.</exception>
    public static IServiceCollection AddKeyedSidekiqInspector(
        this IServiceCollection services,
        string key,
        string address,
        Action<ISidekiqHostConfigurator>? configure = null
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        Add(
            services,
            key,
            address,
            configure,
            $"The container has a Sidekiq inspector of the key '{key}' already. Give each Redis a key of its own."
        );
        return services.AddKeyedSingleton<ISidekiqInspector>(key, (provider, _) => Create(provider, key));
    }

    static void Add(
        IServiceCollection services,
        string name,
        string address,
        Action<ISidekiqHostConfigurator>? configure,
        string second
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(address);
        if (services.Any(service => service.ServiceType == typeof(InspectedRedis) && name.Equals(service.ServiceKey)))
        {
            throw new ConfigurationException(second);
        }

        services
            .AddOptions<SidekiqHostSettings>(name)
            .Configure<IServiceProvider>(
                (settings, provider) =>
                {
                    settings.Services = provider;
                    settings.Apply(address);
                    configure?.Invoke(settings);
                }
            )
            .ValidateOnStart();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<SidekiqHostSettings>, SidekiqSettingsValidator>()
        );
        // A service of its own, so that the container disposes it.
        services.AddKeyedSingleton(
            name,
            (provider, _) =>
                new InspectedRedis(
                    provider.GetRequiredService<IOptionsMonitor<SidekiqHostSettings>>().Get(name),
                    provider.GetService<ILoggerFactory>()?.CreateLogger(LogCategoryName.MassTransit)
                        ?? NullLogger.Instance,
                    provider.GetService<TimeProvider>() ?? TimeProvider.System
                )
        );
    }

    static SidekiqInspector Create(IServiceProvider provider, string name) =>
        new SidekiqInspector(provider.GetRequiredKeyedService<InspectedRedis>(name));
}
