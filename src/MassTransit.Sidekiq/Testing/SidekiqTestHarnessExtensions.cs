using MassTransit.Sidekiq;
using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit;

/// <summary>Puts the buses of a container under test: <c>services.AddSidekiqTestHarness()</c>.</summary>
public static class SidekiqTestHarnessExtensions
{
    /// <summary>
    /// Puts all buses of this container that <c>UsingSidekiq</c> configures under test, before or after this call. The last
    /// call decides. Without Redis, a bus starts within milliseconds, and no host, password or server is needed.
    /// </summary>
    /// <param name="services">The services of the application, or of a test.</param>
    /// <param name="mode">Where jobs wait, and whether sends run them.</param>
    public static IServiceCollection AddSidekiqTestHarness(
        this IServiceCollection services,
        SidekiqTestMode mode = SidekiqTestMode.Fake
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton(provider => new JobHarness(mode, provider.GetServices<ITestedOutbox>));
        services.AddSingleton<ISidekiqTestHarness>(provider => provider.GetRequiredService<JobHarness>());
        services.AddSingleton<ITestSeam>(provider => provider.GetRequiredService<JobHarness>());
        return services;
    }

    /// <summary>The harness that <see cref="AddSidekiqTestHarness" /> registered.</summary>
    public static ISidekiqTestHarness GetSidekiqTestHarness(this IServiceProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        return provider.GetRequiredService<ISidekiqTestHarness>();
    }
}
