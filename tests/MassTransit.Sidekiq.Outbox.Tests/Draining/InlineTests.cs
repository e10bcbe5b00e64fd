using MassTransit.Sidekiq.Outbox.Tests.Contracts;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class InlineTests
{
    static OutboxHostOptions Inline => new() { Outbox = outbox => outbox.DrainInline() };

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Message_is_in_Redis_when_SaveChanges_returns(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await OutboxHost.Start(database, redis.Url, Inline);

        for (var step = 1; step <= 5; step++)
        {
            await host.InScope(
                async (db, _, sender) =>
                {
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), step));
                    await db.SaveChangesAsync();
                    Assert.Equal(step, (await redis.Queue("shipping")).Length);
                }
            );
        }
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Message_is_in_Redis_when_its_commit_returns_and_not_before(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await OutboxHost.Start(database, redis.Url, Inline);

        await host.InScope(
            async (db, _, sender) =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync();
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await db.SaveChangesAsync();
                Assert.Empty(await redis.Queue("shipping"));

                await transaction.CommitAsync();
                Assert.Single(await redis.Queue("shipping"));
            }
        );
    }

    [Fact]
    public async Task Commit_succeeds_although_Redis_is_away()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(database, redis.Open().Url, Inline);
        await redis.Kill();
        await Until(() => host.Log.Lines.Any(line => line.Contains("Redis lost at", StringComparison.Ordinal)));

        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await db.SaveChangesAsync().InTime();
            }
        );
        await redis.Restart();
        await host.Drained();

        // A push whose answer was lost when the server died may be there twice, as one job.
        Assert.Single((await redis.Open().Jobs("shipping")).Select(job => job.Jid()).Distinct(StringComparer.Ordinal));
    }
}
