using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MassTransit.Sidekiq.Tests.Embedded;

/// <summary>An application on the embedded server, in this process.</summary>
sealed class EmbeddedApplication(IHost host, LogLines log) : IAsyncDisposable
{
    public LogLines Log => log;

    public IServiceProvider Services => host.Services;

    public IBus Bus => Services.GetRequiredService<IBus>();

    public SidekiqTransportOptions Transport => Services.GetRequiredService<IOptions<SidekiqTransportOptions>>().Value;

    public static EmbeddedApplication Build(
        string folder,
        Action<IServiceCollection>? services = null,
        Action<IBusRegistrationContext, ISidekiqBusFactoryConfigurator>? configure = null,
        string environment = "Development",
        int port = 0
    )
    {
        var log = new LogLines();
        var app = Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings { EnvironmentName = environment, DisableDefaults = true }
        );
        app.Logging.AddProvider(log);
        app.Services.AddSidekiqEmbeddedServer(options => (options.DataFolder, options.Port) = (folder, port));
        app.Services.AddMassTransit(x => x.UsingSidekiq(configure ?? ((_, _) => { })));
        services?.Invoke(app.Services);
        return new EmbeddedApplication(app.Build(), log);
    }

    public Task Start() => host.StartAsync(TestContext.Current.CancellationToken).InTime();

    public Task Stop() => host.StopAsync(TestContext.Current.CancellationToken).InTime();

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)host).DisposeAsync();
        log.Dispose();
    }
}

/// <summary>What was logged, each line with its level.</summary>
sealed class LogLines : ILoggerProvider
{
    readonly System.Collections.Concurrent.ConcurrentQueue<string> lines = [];

    public IReadOnlyList<string> Of(string category) =>
        [.. lines.Where(line => line.StartsWith(category + " ", StringComparison.Ordinal))];

    public ILogger CreateLogger(string categoryName) => new Category(categoryName, lines);

    public void Dispose() { }

    sealed class Category(string name, System.Collections.Concurrent.ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => lines.Enqueue($"{name} {logLevel}: {formatter(state, exception)}");
    }
}
