using MassTransit.Sidekiq;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace MassTransit;

/// <summary>The entry point: <c>services.AddSidekiqEmbeddedServer()</c>.</summary>
public static class SidekiqEmbeddedServerExtensions
{
    /// <summary>
    /// Runs the bus on a server inside this process when no Redis is configured: for development, tests and small
    /// installations. It starts before the bus and stops after it. <see cref="SidekiqTransportOptions.Url" />,
    /// <see cref="SidekiqTransportOptions.Host" /> and the other settings that name a Redis take precedence: then nothing is
    /// started. A Redis named in code, by <c>cfg.Host(…)</c>, takes precedence too, but the server is started for nothing.
    /// </summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="configure">Where it keeps its data and listens. Default: see <see cref="SidekiqEmbeddedServerOptions" />.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ConfigurationException">
    /// At start: the folder is in use by another process or cannot be written, or the port is taken.
    /// </exception>
    public static IServiceCollection AddSidekiqEmbeddedServer(
        this IServiceCollection services,
        Action<SidekiqEmbeddedServerOptions>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(services);

        services.AddOptions<SidekiqEmbeddedServerOptions>().Configure(options => configure?.Invoke(options));
        services.TryAddSingleton<EmbeddedServer>();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IPostConfigureOptions<SidekiqTransportOptions>, EmbeddedAddress>()
        );
        return services.AddHostedService<EmbeddedServerService>();
    }
}
