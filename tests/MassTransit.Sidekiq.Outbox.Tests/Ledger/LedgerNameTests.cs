using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

// Two services of which each calls its context OrdersDb, on one Redis.
public class LedgerNameTests
{
    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite)]
    public async Task Services_whose_contexts_have_one_name_have_a_ledger_each(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var orders = await TestDatabase.Lease(kind);
        await using var stock = await TestDatabase.Lease(kind);
        await using var first = await Start(orders, redis);
        await using var second = await Start(stock, redis);
        await Send(first, 1);
        await Send(second, 2);
        await redis.Until(async redis => (await redis.Queue("elsewhere")).Length == 2);
        await redis.Until(async redis => await redis.Db.KeyExistsAsync("mt:epoch"));
        var names = (await redis.Jobs("elsewhere")).Select(Ledger).ToArray();
        Assert.Equal(2, names.Distinct(StringComparer.Ordinal).Count());
        Assert.All(names, name => Assert.StartsWith("OrdersDb-", name, StringComparison.Ordinal));

        // Both keep at once, so both find out what is lost.
        await redis.Flush();
        await redis.Until(async redis => (await redis.Queue("elsewhere")).Length == 2);

        var jobs = await redis.Jobs("elsewhere");
        foreach (var job in jobs)
        {
            await redis.Db.SortedSetAddAsync($"mt:completed:{Ledger(job)}", job.Jid(), Now);
        }

        await Until(async () => (await first.Outbox.Count()).Open + (await second.Outbox.Count()).Open == 0);
    }

    [Fact]
    public async Task Every_process_of_a_service_calls_its_ledger_the_same()
    {
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var provider = new ServiceCollection()
            .AddDbContext<OrdersDb>(builder => database.Configure(builder))
            .BuildServiceProvider(validateScopes: true);

        var names = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(_ =>
                    new LedgerStore<OrdersDb>(
                        provider.GetRequiredService<IServiceScopeFactory>(),
                        new OutboxSettings<OrdersDb>(new SidekiqOutboxOptions()),
                        TimeProvider.System
                    ).Name(TestContext.Current.CancellationToken)
                )
        );

        Assert.Single(names.Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Completion_noted_under_the_name_of_the_context_alone_is_taken_and_that_of_another_service_left()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis);
        await Send(host, 1);
        await host.Drained();
        var jid = Assert.Single(await redis.Jobs("elsewhere")).Jid();

        await redis.Db.SortedSetAddAsync("mt:completed:OrdersDb", "somebody else's", Now);
        await redis.Db.SortedSetAddAsync("mt:completed:OrdersDb", jid, Now);
        await Until(async () => (await host.Outbox.Count()).Open == 0);

        await redis.Until(async redis => await redis.Db.SortedSetLengthAsync("mt:completed:OrdersDb") == 1);
    }

    static double Now => SetEntry.ToScore(DateTimeOffset.UtcNow);

    static string Ledger(System.Text.Json.JsonElement job) => job.GetProperty("mt").GetProperty("ledger").GetString()!;

    static Task<OutboxHost> Start(TestDatabase database, RedisDatabase redis) =>
        OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Outbox = outbox =>
                {
                    outbox.PollInterval = TimeSpan.FromMilliseconds(50);
                    outbox.KeepUntilCompleted(keep => keep.LookAgain = TimeSpan.FromMilliseconds(50));
                },
            }
        );

    static Task Send(OutboxHost host, int step) =>
        host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("elsewhere", new ShipOrder(Guid.NewGuid(), step));
                await db.SaveChangesAsync();
            }
        );
}
