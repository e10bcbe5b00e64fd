using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests.Testing;

/// <summary>An application with a bus, under a test harness.</summary>
public sealed class TestedHost : IAsyncDisposable
{
    readonly ServiceProvider provider;

    TestedHost(ServiceProvider provider) => this.provider = provider;

    public IServiceProvider Services => provider;

    public ISidekiqTestHarness Jobs => provider.GetSidekiqTestHarness();

    public IBus Bus => provider.GetRequiredService<IBus>();

    public static async Task<TestedHost> Start(
        SidekiqTestMode mode,
        Action<IBusRegistrationConfigurator>? register = null,
        Action<IBusRegistrationContext, ISidekiqBusFactoryConfigurator>? configure = null,
        Action<IServiceCollection>? services = null
    )
    {
        var collection = new ServiceCollection();
        collection.AddLogging();
        collection.AddMassTransit(x =>
        {
            register?.Invoke(x);
            x.UsingSidekiq(
                (context, cfg) =>
                {
                    configure?.Invoke(context, cfg);
                    cfg.ConfigureEndpoints(context);
                }
            );
        });
        services?.Invoke(collection);
        collection.AddSidekiqTestHarness(mode);
        var host = new TestedHost(collection.BuildServiceProvider(validateScopes: true));
        await host.provider.GetRequiredService<IBusControl>().StartAsync().InTime();
        return host;
    }

    public async Task Send<T>(string queue, T message, Action<SendContext<T>>? with = null)
        where T : class
    {
        var endpoint = await Bus.GetSendEndpoint(new Uri($"queue:{queue}"));
        await endpoint.Send(message, context => with?.Invoke(context));
    }

    public async ValueTask DisposeAsync()
    {
        await provider.GetRequiredService<IBusControl>().StopAsync().InTime();
        await provider.DisposeAsync();
    }
}
