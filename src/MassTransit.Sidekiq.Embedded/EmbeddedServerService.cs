using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MassTransit.Sidekiq;

// Starts the server before any hosted service starts, the bus among them, and stops it after all have stopped.
internal sealed class EmbeddedServerService(
    EmbeddedServer server,
    IOptions<SidekiqTransportOptions> transport,
    IHostEnvironment environment,
    ILoggerFactory loggers
) : IHostedLifecycleService
{
    readonly ILogger logger = loggers.CreateLogger("MassTransit.Sidekiq.Embedded");

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        // Reading them decides whether a bus needs the server.
        _ = transport.Value;
        if (!server.IsReserved)
        {
            return;
        }

        await server.Start(cancellationToken).ConfigureAwait(false);
        var level = environment.IsProduction() ? LogLevel.Warning : LogLevel.Information;
        if (logger.IsEnabled(level))
        {
            logger.EmbeddedServerStarted(level, server.Reserve(), server.Folder);
        }
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => server.Stop();

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
