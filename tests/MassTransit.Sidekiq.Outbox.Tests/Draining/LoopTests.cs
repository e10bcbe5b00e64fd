using System.Diagnostics;
using MassTransit.DependencyInjection;
using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class LoopTests
{
    const StringComparison Word = StringComparison.Ordinal;

    [Fact]
    public async Task Loops_speak_under_the_name_of_the_package_and_work_again_when_their_database_is_back()
    {
        await using var redis = await RedisServer.Lease();
        await using var postgres = await PostgresServer.StartOwn();
        var connection = $"{postgres.ConnectionString};Database=loops;Timeout=2";
        var log = new Categories();
        await using var provider = new ServiceCollection()
            .AddLogging(logging => logging.AddProvider(log))
            .AddDbContext<OrdersDb>(builder => builder.UseNpgsql(connection))
            .AddMassTransit(x =>
            {
                x.AddSidekiqOutbox<OrdersDb>(outbox =>
                {
                    outbox.PollInterval = TimeSpan.FromMilliseconds(50);
                    outbox.KeepUntilCompleted();
                });
                x.UsingSidekiq((_, cfg) => cfg.Host(redis.Url));
            })
            .BuildServiceProvider(validateScopes: true);
        await using (var scope = provider.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<OrdersDb>().Database.EnsureCreatedAsync();
        }

        var bus = provider.GetRequiredService<IBusControl>();
        await bus.StartAsync(TestContext.Current.CancellationToken).InTime();
        await redis.Until(async redis => await redis.Db.KeyExistsAsync("mt:epoch"));

        await postgres.Kill();
        // Of the loops, this one asks all the time; the others may not ask while it is away.
        await Until(() => log.Lines.Any(line => IsFailure(line) && line.Text.Contains("Draining", Word)));
        await postgres.Restart();
        await Until(() =>
            log.Lines.Any(line => line.Text.Contains("Draining the outbox of OrdersDb works again", Word))
        );
        await bus.StopAsync(TestContext.Current.CancellationToken).InTime();

        Assert.All(log.Lines.Where(IsFailure), line => Assert.Equal("MassTransit.Sidekiq.Outbox", line.Category));
        Assert.Single(log.Lines, line => IsFailure(line) && line.Text.Contains("Draining", Word));
    }

    [Fact]
    public async Task Relay_stops_while_Redis_is_silent_and_its_messages_stay_where_they_are()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(
            database,
            redis.Open().Url,
            new OutboxHostOptions { Outbox = outbox => outbox.DisableRelay() }
        );
        await using var relay = Relay(host);
        var bus = host.Services.GetRequiredService<IBus>();
        await relay.PostStart(bus, Task.FromResult<BusReady>(null!));
        await Ship(host);
        await host.Drained();

        redis.Pause();
        await Ship(host);
        await Until(async () => await Waiting(database));
        var stopped = Stopwatch.StartNew();
        await relay.PreStop(bus).InTime();
        Assert.InRange(stopped.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(3));

        Assert.Equal(1, (await host.Outbox.Count()).Pending);
        redis.Resume();
    }

    [Fact]
    public async Task Relay_claims_the_next_batch_while_Redis_has_the_last_and_sends_it_behind_that()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(
            database,
            redis.Open().Url,
            new OutboxHostOptions
            {
                Outbox = outbox =>
                {
                    outbox.DisableRelay();
                    outbox.BatchSize = 1;
                },
            }
        );
        for (var step = 1; step <= 4; step++)
        {
            await host.InScope(
                async (db, _, sender) =>
                {
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), step));
                    await db.SaveChangesAsync();
                }
            );
        }

        redis.Pause();
        await using var relay = Relay(host);
        var bus = host.Services.GetRequiredService<IBus>();
        await relay.PostStart(bus, Task.FromResult<BusReady>(null!));
        await Until(async () =>
            await Application.Ask<long>(
                database.ConnectionString,
                """SELECT count(*) FROM (SELECT 1 FROM "OutboxState" FOR UPDATE SKIP LOCKED) AS free"""
            ) == 2
        );

        redis.Resume();
        await host.Drained();
        Assert.Equal([1, 2, 3, 4], (await redis.Open().Jobs("shipping")).Select(job => job.Step()));
        await relay.PreStop(bus).InTime();
    }

    static OutboxRelay<OrdersDb> Relay(OutboxHost host)
    {
        var services = host.Services;
        IBusInstance Instance() => services.GetRequiredService<Bind<IBus, IBusInstance>>().Value;

        return new OutboxRelay<OrdersDb>(
            services.GetRequiredService<OutboxStore<OrdersDb>>(),
            services.GetRequiredService<OutboxListener<OrdersDb>>(),
            services.GetRequiredService<OutboxSettings<OrdersDb>>(),
            services.GetRequiredService<OutboxSignal<OrdersDb>>(),
            services.GetRequiredService<OutboxMonitor<OrdersDb>>(),
            Instance,
            () => BusRuntime.Of(Instance()),
            () => null,
            services.GetRequiredService<OutboxDatabase<OrdersDb>>(),
            TimeProvider.System
        );
    }

    static Task Ship(OutboxHost host) =>
        host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await db.SaveChangesAsync();
            }
        );

    // The relay has removed what it pushes, and waits for Redis.
    static async Task<bool> Waiting(TestDatabase database) =>
        await Application.Ask<long>(
            database.ConnectionString,
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND state = 'idle in transaction' AND query LIKE '%DELETE FROM "OutboxState"%'
            """
        ) == 1;

    static bool IsFailure((string Category, string Text) line) =>
        line.Text.Contains("OrdersDb failed and is retried", Word);

    sealed class Categories : ILoggerProvider
    {
        readonly Lock gate = new();
        readonly List<(string Category, string Text)> lines = [];

        public (string Category, string Text)[] Lines
        {
            get
            {
                lock (gate)
                {
                    return [.. lines];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => new Of(this, categoryName);

        public void Dispose() { }

        sealed class Of(Categories all, string category) : ILogger
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
            )
            {
                lock (all.gate)
                {
                    all.lines.Add((category, formatter(state, exception)));
                }
            }
        }
    }
}
