using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq.Outbox.Tests;

/// <summary>Whether a staged job is unique is decided when it is drained.</summary>
public sealed class UniqueTests
{
    [Theory, InlineData(false), InlineData(true)]
    public async Task Second_job_is_dropped_and_is_neither_a_fault_nor_kept_in_a_ledger(bool isKept)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await Start(database, redis, isKept);
        var order = Guid.NewGuid();

        await Send(host, "before", order);
        await Send(host, "stock", order);
        await Send(host, "stock", order, x => x.OnConflict = SidekiqConflict.Throw);
        await Send(host, "stock", order, x => x.UniqueFor = TimeSpan.Zero);
        await Send(host, "stock", Guid.NewGuid());
        await host.Drained();

        Assert.Equal(3, (await redis.Queue("stock")).Length);
        Assert.Equal(new OutboxCounts(0, TimeSpan.Zero, 0) with { Open = isKept ? 4 : 0 }, await host.Outbox.Count());
        Assert.Equal(3, (await redis.Keys()).Count(key => key.StartsWith("sidekiq:unique:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Published_copy_whose_lock_is_held_is_not_kept()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await Start(database, redis, isKept: true);
        const string topic = "mt:topic:MassTransit.Sidekiq.Outbox.Tests.Contracts:SyncStock";
        await redis.Db.HashSetAsync(topic, "first", "");
        var order = Guid.NewGuid();

        await Publish();
        await redis.Db.HashSetAsync(topic, "second", "");
        await Publish();

        await using var db = database.Open();
        var rows = await db.Set<OutboxLedger>().AsNoTracking().ToListAsync();
        Assert.Equal(["first", "second"], rows.Select(row => row.Queue).Order(StringComparer.Ordinal));
        Assert.Single(await redis.Queue("first"));
        Assert.Single(await redis.Queue("second"));

        async Task Publish()
        {
            await host.InScope(
                async (db, publisher, _) =>
                {
                    await publisher.Publish(new SyncStock(order));
                    await db.SaveChangesAsync();
                }
            );
            await host.Drained();
        }
    }

    static Task<OutboxHost> Start(TestDatabase database, RedisDatabase redis, bool isKept) =>
        OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Outbox = outbox =>
                {
                    outbox.PollInterval = TimeSpan.FromMilliseconds(100);
                    if (isKept)
                    {
                        outbox.KeepUntilCompleted();
                    }
                },
            }
        );

    static Task Send(OutboxHost host, string queue, Guid order, Action<SidekiqSendContext>? options = null) =>
        host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send(queue, new SyncStock(order), x => x.Job(job => options?.Invoke(job)));
                await db.SaveChangesAsync();
            }
        );
}
