using MassTransit.Sidekiq.Outbox.Tests.Contracts;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class WakeUpTests
{
    // A relay that only polls would be found out: it sleeps an hour.
    static OutboxHostOptions Sleepy => new() { Outbox = outbox => outbox.PollInterval = TimeSpan.FromHours(1) };

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Relay_is_woken_by_a_commit_of_its_own_process(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await OutboxHost.Start(database, redis.Url, Sleepy);

        for (var step = 1; step <= 3; step++)
        {
            await host.InScope(
                async (db, _, sender) =>
                {
                    await using var transaction = await db.Database.BeginTransactionAsync();
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), step));
                    await db.SaveChangesAsync();
                    await transaction.CommitAsync();
                }
            );
            await redis.Until(async redis => (await redis.Queue("shipping")).Length == step);
        }
    }

    [Fact]
    public async Task Relay_is_woken_by_a_commit_of_another_process()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var relay = await OutboxHost.Start(database, redis.Url, Sleepy);
        await using var stager = await OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions { Outbox = outbox => outbox.DisableRelay() }
        );

        for (var step = 1; step <= 3; step++)
        {
            await stager.InScope(
                async (db, _, sender) =>
                {
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), step));
                    await db.SaveChangesAsync();
                }
            );
            await redis.Until(async redis => (await redis.Queue("shipping")).Length == step);
        }
    }

    [Fact]
    public async Task Relay_polls_where_nobody_tells_it()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var relay = await OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Outbox = outbox =>
                {
                    outbox.Listen = false;
                    outbox.PollInterval = TimeSpan.FromMilliseconds(200);
                },
            }
        );
        await using var stager = await OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions { Outbox = outbox => outbox.DisableRelay() }
        );

        await stager.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await db.SaveChangesAsync();
            }
        );

        await redis.Until(async redis => (await redis.Queue("shipping")).Length == 1);
    }
}
