using System.Collections.Concurrent;
using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq.Tests;

/// <summary>A started bus with MassTransit's test harness, on a database of its own.</summary>
public sealed class TestBus : IAsyncDisposable
{
    readonly ServiceProvider provider;

    readonly TestLog log;

    TestBus(ServiceProvider provider, TestLog log) => (this.provider, this.log) = (provider, log);

    /// <summary>What was logged so far, each line with its level before it.</summary>
    public IReadOnlyCollection<string> Log => log.Lines;

    public ITestHarness Harness => provider.GetRequiredService<ITestHarness>();

    public IServiceProvider Services => provider;

    public static async Task<TestBus> Start(
        RedisDatabase redis,
        ITestOutputHelper output,
        Action<IBusRegistrationConfigurator>? register = null,
        Action<IBusRegistrationContext, ISidekiqBusFactoryConfigurator>? configure = null
    )
    {
        var services = new ServiceCollection();
        var log = new TestLog(output);
        services.AddLogging(logging => logging.AddProvider(log).SetMinimumLevel(LogLevel.Debug));
        services.AddMassTransitTestHarness(x =>
        {
            // The harness gives up after 1.2 s without an event, which a loaded machine may well need for one.
            x.SetTestTimeouts(testInactivityTimeout: Eventually.Guard);
            register?.Invoke(x);
            x.UsingSidekiq(
                (context, cfg) =>
                {
                    cfg.Host(redis.Url);
                    configure?.Invoke(context, cfg);
                    cfg.ConfigureEndpoints(context);
                }
            );
        });

        var provider = services.BuildServiceProvider(validateScopes: true);
        var bus = new TestBus(provider, log);
        await bus.Harness.Start();

        return bus;
    }

    public async Task Send<T>(string queue, T message)
        where T : class
    {
        var endpoint = await Harness.Bus.GetSendEndpoint(new Uri($"queue:{queue}"));
        await endpoint.Send(message);
    }

    public async ValueTask DisposeAsync()
    {
        await Harness.Stop();
        await provider.DisposeAsync();
    }

    sealed class TestLog(ITestOutputHelper output) : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

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
            Lines.Enqueue(line);
            try
            {
                output.WriteLine(line);
            }
            catch (InvalidOperationException)
            {
                // The test has ended.
            }
        }

        public void Dispose() { }
    }
}
