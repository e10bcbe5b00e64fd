using MassTransit.Sidekiq;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace MassTransit;

/// <summary>Health of a worker that serves no HTTP, as files.</summary>
public static class SidekiqProbeFileExtensions
{
    // That of HealthCheckPublisherOptions.
    static readonly TimeSpan shortestPeriod = TimeSpan.FromSeconds(1);
    static readonly TimeSpan defaultPeriod = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Keeps up to two files while the health checks pass, for a Kubernetes exec probe or Docker's <c>HEALTHCHECK</c>. Each is written
    /// anew with every report, so that its age tells whether the process still runs; it is removed when a check of its tag is unhealthy,
    /// and when the host stops: <paramref name="ready" /> as soon as it begins to, <paramref name="live" /> when it has.
    /// </summary>
    /// <param name="services">The services of the application, which runs in a host.</param>
    /// <param name="live">
    /// The file of the checks tagged <c>live</c>: it stays while Redis is down, since a restart would not bring it back. Default: none.
    /// </param>
    /// <param name="ready">The file of the checks tagged <c>ready</c>: bus, Redis and outboxes. Default: none.</param>
    /// <param name="period">
    /// How often the checks are run, for every <see cref="IHealthCheckPublisher" /> of the application. Less notices trouble sooner and
    /// asks Redis for its time as often; more needs probes that tolerate older files. A shorter one in
    /// <see cref="HealthCheckPublisherOptions" /> takes precedence. Default: 5 seconds.
    /// </param>
    /// <exception cref="ArgumentException">Neither file is named, or both are the same.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The period is shorter than a second.</exception>
    /// <exception cref="ConfigurationException">At the start of the host: a file cannot be written.</exception>
    public static IServiceCollection AddSidekiqProbeFiles(
        this IServiceCollection services,
        string? live = null,
        string? ready = null,
        TimeSpan? period = null
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        if ((live ?? ready) is null || live == ready)
        {
            throw new ArgumentException(
                "AddSidekiqProbeFiles needs a file for live, one for ready, or two different ones: AddSidekiqProbeFiles(live: \"/tmp/live\", ready: \"/tmp/ready\").",
                nameof(live)
            );
        }

        var pause = period ?? defaultPeriod;
        ArgumentOutOfRangeException.ThrowIfLessThan(pause, shortestPeriod, nameof(period));

        services.AddHealthChecks();
        services.AddSingleton(provider => new ProbeFiles(
            live,
            ready,
            provider.GetRequiredService<IHostApplicationLifetime>()
        ));
        services.AddSingleton<IHealthCheckPublisher>(provider => provider.GetRequiredService<ProbeFiles>());
        services.AddHostedService(provider => provider.GetRequiredService<ProbeFiles>());
        services.PostConfigure<HealthCheckPublisherOptions>(options =>
        {
            options.Delay = options.Delay < pause ? options.Delay : pause;
            options.Period = options.Period < pause ? options.Period : pause;
        });
        return services;
    }
}
