using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MassTransit.Sidekiq.Interop.Tests;

// A deployed service, until it is disposed: its host has started, its buses included.
sealed class RunningHost : IAsyncDisposable
{
    readonly IHost host;

    RunningHost(IHost host) => this.host = host;

    public IServiceProvider Services => host.Services;

    public static async Task<RunningHost> Start(
        Action<IServiceCollection> deployed,
        Action<IServiceProvider>? first = null
    )
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddLogging();
        builder.Services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = true);
        deployed(builder.Services);
        var host = builder.Build();
        first?.Invoke(host.Services);
        await host.StartAsync(TestContext.Current.CancellationToken).InTime();
        return new RunningHost(host);
    }

    // As a web request would.
    public async Task InScope(Func<IServiceProvider, Task> work)
    {
        await using var scope = host.Services.CreateAsyncScope();
        await work(scope.ServiceProvider);
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(TestContext.Current.CancellationToken).InTime();
        await ((IAsyncDisposable)host).DisposeAsync();
    }
}
