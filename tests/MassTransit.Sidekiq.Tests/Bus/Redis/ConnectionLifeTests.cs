using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq.Tests;

/// <summary>What a bus does while Redis is away, and after.</summary>
public sealed class ConnectionLifeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Bus_starts_without_Redis_says_so_and_works_once_it_is_there()
    {
        await using var redis = await RedisServer.StartOwn();
        await redis.Stop();
        await using var bus = await LiveBus.Start(redis, output);

        await bus.Becomes(BusHealthStatus.Unhealthy);
        var sent = bus.Send(1);
        await redis.Restart();
        await sent.InTime();

        await bus.Consumed(1);
        await bus.Becomes(BusHealthStatus.Healthy);
    }

    [Fact]
    public async Task Outage_makes_the_bus_unhealthy_and_is_logged_once_each_way()
    {
        await using var redis = await RedisServer.StartOwn(new RedisServerOptions { AppendOnly = true });
        await using var bus = await LiveBus.Start(redis, output);
        await bus.Becomes(BusHealthStatus.Healthy);

        await redis.Kill();
        await bus.Becomes(BusHealthStatus.Unhealthy);
        await redis.Restart();
        await bus.Becomes(BusHealthStatus.Healthy);

        await bus.Send(1).InTime();
        await bus.Consumed(1);
        // The client works a moment before it says that it does.
        await Eventually.Until(() => bus.Logged("Redis back at") > 0);
        Assert.Equal(1, bus.Logged("Redis lost at"));
        Assert.Equal(1, bus.Logged("Redis back at"));
    }

    [Fact]
    public async Task Messages_sent_during_an_outage_arrive_after_it()
    {
        await using var redis = await RedisServer.StartOwn(new RedisServerOptions { AppendOnly = true });
        await using var bus = await LiveBus.Start(redis, output);
        await bus.Send(0);
        await bus.Consumed(0);

        await redis.Kill();
        Task[] sent = [.. Enumerable.Range(1, 20).Select(bus.Send)];
        await redis.Restart();
        await Task.WhenAll(sent).InTime();

        for (var number = 1; number <= 20; number++)
        {
            await bus.Consumed(number);
        }
    }

    [Fact]
    public async Task Job_that_finished_during_an_outage_is_acknowledged_after_it()
    {
        await using var redis = await RedisServer.StartOwn(new RedisServerOptions { AppendOnly = true });
        await using var bus = await LiveBus.Start(redis, output, hold: true);
        await bus.Send(1);
        await bus.Started(1);

        await redis.Kill();
        bus.Finish();
        await bus.Consumed(1);
        await redis.Restart();
        await bus.Becomes(BusHealthStatus.Healthy);

        await redis
            .Open()
            .Until(async db => !(await db.Keys()).Any(key => key.StartsWith("mt:working", StringComparison.Ordinal)));
        Assert.Equal(1, bus.Runs(1));
    }

    [Fact]
    public async Task Scripts_that_a_restarted_Redis_forgot_are_loaded_again()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var bus = await LiveBus.Start(redis, output);
        await bus.Send(1);
        await bus.Consumed(1);

        await redis.Open().Db.ExecuteAsync("SCRIPT", "FLUSH");

        await bus.Send(2);
        await bus.Consumed(2);
        Assert.Equal(0, bus.Logged("Redis lost at"));
    }

    [Fact]
    public async Task Subscriptions_are_made_again_in_a_Redis_that_came_back_empty()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var bus = await LiveBus.Start(redis, output);
        await bus.Becomes(BusHealthStatus.Healthy);

        await redis.Kill();
        await bus.Becomes(BusHealthStatus.Unhealthy);
        await redis.Restart();
        await bus.Becomes(BusHealthStatus.Healthy);
        // The first endpoint that met the outage made the bus unhealthy; the one that subscribes may meet it last.
        await redis.Open().Until(IsSubscribed);

        await bus.Publish(7).InTime();
        await bus.Consumed(7);
    }

    [Fact]
    public async Task Subscriptions_are_made_again_in_a_Redis_that_was_emptied()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var bus = await LiveBus.Start(redis, output);
        await bus.Becomes(BusHealthStatus.Healthy);

        await redis.Open().Flush();
        await redis.Open().Until(IsSubscribed);

        await bus.Publish(7).InTime();
        await bus.Consumed(7);
    }

    [Fact]
    public async Task Wrong_password_fails_the_start_and_never_shows_the_password()
    {
        await using var redis = await RedisServer.StartOwn(new RedisServerOptions { Password = "right" });
        var bus = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg =>
        {
            cfg.Host(
                $"redis://:wr0ng-secret@127.0.0.1:{redis.Port}/0",
                host => host.ConnectTimeout = TimeSpan.FromSeconds(1)
            );
            cfg.ReceiveEndpoint("numbered", endpoint => endpoint.Handler<Numbered>(_ => Task.CompletedTask));
        });

        var fault = await Assert
            .ThrowsAsync<ConnectionException>(() => bus.StartAsync(CancellationToken.None))
            .InTime();

        Assert.False(fault.IsTransient);
        Assert.Contains("password were not accepted", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng-secret", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_refused_by_a_replica_is_repeated_until_a_primary_takes_it()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var bus = await LiveBus.Start(redis, output);
        await bus.Send(1);
        await bus.Consumed(1);

        await redis.Open().Db.ExecuteAsync("REPLICAOF", "127.0.0.1", "1");
        var sent = bus.Send(2);
        await bus.Becomes(BusHealthStatus.Unhealthy);
        await redis.Open().Db.ExecuteAsync("REPLICAOF", "NO", "ONE");

        await sent.InTime();
        await bus.Consumed(2);
    }

    static async Task<bool> IsSubscribed(RedisDatabase redis) =>
        (await redis.Keys()).Any(key => key.StartsWith("mt:topic:", StringComparison.Ordinal));

    public sealed record Numbered(int Number);

    /// <summary>A bus that is watched from outside: health, log, and which numbers were consumed how often.</summary>
    sealed class LiveBus : IAsyncDisposable, ILoggerProvider, ILogger
    {
        readonly ConcurrentDictionary<int, int> runs = new();
        readonly ConcurrentDictionary<int, TaskCompletionSource> started = new();
        readonly ConcurrentDictionary<int, TaskCompletionSource> consumed = new();
        readonly TaskCompletionSource finish = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly ConcurrentQueue<string> log = new();
        readonly ITestOutputHelper output;
        ServiceProvider provider = null!;

        LiveBus(ITestOutputHelper output) => this.output = output;

        public BusHealthResult Health => provider.GetRequiredService<IBusControl>().CheckHealth();

        public static async Task<LiveBus> Start(RedisServer redis, ITestOutputHelper output, bool hold = false)
        {
            var bus = new LiveBus(output);
            if (!hold)
            {
                bus.finish.SetResult();
            }

            var services = new ServiceCollection();
            services.AddLogging(logging => logging.AddProvider(bus).SetMinimumLevel(LogLevel.Debug));
            services.AddMassTransit(x =>
            {
                x.AddHandler<Numbered>(bus.Consume);
                x.UsingSidekiq(
                    (context, cfg) =>
                    {
                        cfg.Host(redis.Open().Url);
                        cfg.ConfigureEndpoints(context);
                    }
                );
            });
            bus.provider = services.BuildServiceProvider();
            foreach (var service in bus.provider.GetServices<IHostedService>())
            {
                await service.StartAsync(CancellationToken.None).InTime();
            }

            return bus;
        }

        public async Task Send(int number)
        {
            var endpoint = await provider.GetRequiredService<IBus>().GetSendEndpoint(new Uri("queue:Numbered"));
            await endpoint.Send(new Numbered(number));
        }

        public Task Publish(int number) => provider.GetRequiredService<IBus>().Publish(new Numbered(number));

        public void Finish() => finish.TrySetResult();

        public int Runs(int number) => runs.GetValueOrDefault(number);

        public Task Started(int number) => Mark(started, number).Task.InTime($"{number} started");

        public Task Consumed(int number) => Mark(consumed, number).Task.InTime($"{number} was consumed");

        public Task Becomes(BusHealthStatus status) =>
            Eventually.Until(
                () => Health.Status == status,
                () => Task.FromResult($"{Health.Status}: {Health.Description}")
            );

        public int Logged(string text) => log.Count(line => line.Contains(text, StringComparison.Ordinal));

        public async ValueTask DisposeAsync()
        {
            finish.TrySetResult();
            foreach (var service in provider.GetServices<IHostedService>())
            {
                await service.StopAsync(CancellationToken.None).InTime();
            }

            await provider.DisposeAsync();
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
            log.Enqueue(line);
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

        async Task Consume(ConsumeContext<Numbered> context)
        {
            var number = context.Message.Number;
            runs.AddOrUpdate(number, 1, (_, count) => count + 1);
            Mark(started, number).TrySetResult();
            await finish.Task;
            Mark(consumed, number).TrySetResult();
        }

        static TaskCompletionSource Mark(ConcurrentDictionary<int, TaskCompletionSource> marks, int number) =>
            marks.GetOrAdd(number, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}
