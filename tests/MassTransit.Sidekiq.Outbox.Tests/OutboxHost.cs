using MassTransit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq.Outbox.Tests;

// One process of an application: its bus on Redis, its context, its outbox.
public sealed class OutboxHost : IAsyncDisposable
{
    readonly ServiceProvider provider;

    OutboxHost(ServiceProvider provider, TestLog log) => (this.provider, Log) = (provider, log);

    public TestLog Log { get; }

    public IServiceProvider Services => provider;

    public ITestHarness Harness => provider.GetRequiredService<ITestHarness>();

    public IOutboxInspector Outbox => provider.GetRequiredService<IOutboxInspector>();

    public static async Task<OutboxHost> Start(
        TestDatabase database,
        string redisUrl,
        OutboxHostOptions? options = null
    )
    {
        options ??= new OutboxHostOptions();
        var log = new TestLog();
        var services = new ServiceCollection();
        services.AddLogging(logging =>
            logging.AddProvider(log).SetMinimumLevel(options.Quiet ? LogLevel.Warning : LogLevel.Debug)
        );
        options.Services?.Invoke(services);
        services.AddDbContext<OrdersDb>(
            (provider, builder) =>
            {
                database.Configure(builder, options.RetryOnFailure);
                options.Context?.Invoke(builder);
                builder.AddInterceptors(provider.GetServices<IInterceptor>());
            }
        );
        services.AddMassTransitTestHarness(x =>
        {
            options.Register?.Invoke(x);
            x.AddSidekiqOutbox<OrdersDb>(outbox =>
            {
                outbox.UseBusOutbox();
                options.Outbox?.Invoke(outbox);
            });
            x.UsingSidekiq(
                (context, cfg) =>
                {
                    cfg.Host(redisUrl);
                    options.Bus?.Invoke(context, cfg);
                    cfg.ConfigureEndpoints(context);
                }
            );
        });

        var host = new OutboxHost(services.BuildServiceProvider(validateScopes: true), log);
        await host.Harness.Start();

        return host;
    }

    // Runs business code in a scope of its own, as a web request would.
    public async Task InScope(Func<OrdersDb, IPublishEndpoint, ISendEndpointProvider, Task> work)
    {
        await using var scope = provider.CreateAsyncScope();
        var services = scope.ServiceProvider;
        await work(
            services.GetRequiredService<OrdersDb>(),
            services.GetRequiredService<IPublishEndpoint>(),
            services.GetRequiredService<ISendEndpointProvider>()
        );
    }

    // The same, with whatever of the scope's services it needs.
    public async Task InScope(Func<IServiceProvider, Task> work)
    {
        await using var scope = provider.CreateAsyncScope();
        await work(scope.ServiceProvider);
    }

    public Task Drained() => Outbox.WaitUntilDrained(TestContext.Current.CancellationToken).InTime();

    public async ValueTask DisposeAsync()
    {
        await Harness.Stop();
        await provider.DisposeAsync();
    }
}

public sealed record OutboxHostOptions
{
    public bool RetryOnFailure { get; init; }

    // Logs warnings only.
    public bool Quiet { get; init; }

    public Action<IServiceCollection>? Services { get; init; }

    public Action<DbContextOptionsBuilder>? Context { get; init; }

    public Action<IBusRegistrationConfigurator>? Register { get; init; }

    public Action<SidekiqOutboxOptions>? Outbox { get; init; }

    public Action<IBusRegistrationContext, ISidekiqBusFactoryConfigurator>? Bus { get; init; }
}

// What was logged, to be asked for and shown with a failed test.
public sealed class TestLog : ILoggerProvider, ILogger
{
    readonly Lock gate = new();
    readonly List<string> lines = [];

    public string[] Lines
    {
        get
        {
            lock (gate)
            {
                return [.. lines];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        var line = $"{logLevel}: {formatter(state, exception)} {exception}";
        lock (gate)
        {
            lines.Add(line);
        }

        try
        {
            TestContext.Current.TestOutputHelper?.WriteLine(line);
        }
        catch (InvalidOperationException)
        {
            // The test has ended.
        }
    }

    public void Dispose() { }
}
