using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq.Outbox.Tests;

// The database is asked first whether it can let the messages go.
public class DrainTests
{
    const string Topic = "mt:topic:MassTransit.Sidekiq.Outbox.Tests.Contracts:OrderSubmitted";

    const string RefuseDeletes = """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
        CREATE TRIGGER refuse BEFORE DELETE ON "OutboxState" FOR EACH ROW EXECUTE FUNCTION refuse();
        """;

    const string RefuseMails = """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON "OutboxLedger" FOR EACH ROW WHEN (NEW."Queue" = 'mails')
          EXECUTE FUNCTION refuse();
        """;

    [Theory, InlineData(true), InlineData(false)]
    public async Task Nothing_is_pushed_while_the_ledger_cannot_be_written(bool isPublished)
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.HashSetAsync(Topic, "elsewhere", "");
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(database, redis.Url, Keeping);
        await redis.Until(async redis => await redis.Db.KeyExistsAsync("mt:epoch"));
        await Stage(host, isPublished);
        await host.Drained();
        await redis.Db.KeyDeleteAsync("queue:elsewhere");
        await Execute(database, """ALTER TABLE "OutboxLedger" RENAME TO "Away" """);

        await Stage(host, isPublished);
        await Fails(host, "OutboxLedger");
        Assert.Empty(await redis.Queue("elsewhere"));

        await Execute(database, """ALTER TABLE "Away" RENAME TO "OutboxLedger" """);
        await host.Drained();
        Assert.Equal(10, (await redis.Queue("elsewhere")).Length);
    }

    [Fact]
    public async Task Nothing_is_pushed_while_the_messages_cannot_be_removed()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await Execute(database, RefuseDeletes);
        await using var host = await OutboxHost.Start(database, redis.Url, Quick);

        await Stage(host, isPublished: false);
        await Fails(host, "refused");
        Assert.Empty(await redis.Queue("elsewhere"));

        await Execute(database, """DROP TRIGGER refuse ON "OutboxState" """);
        await host.Drained();
        Assert.Equal(10, (await redis.Queue("elsewhere")).Length);
    }

    [Fact]
    public async Task Copies_that_the_ledger_refuses_after_they_are_published_are_not_published_again()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.HashSetAsync(Topic, "mails", "");
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await Execute(database, RefuseMails);
        await using var host = await OutboxHost.Start(database, redis.Url, Keeping);

        await Stage(host, isPublished: true);
        await host.Drained();

        Assert.Equal(10, (await redis.Queue("mails")).Length);
        await Until(() => host.Log.Lines.Any(line => line.Contains("could not be recorded", StringComparison.Ordinal)));
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite)]
    public async Task What_Redis_refuses_after_the_messages_were_removed_is_set_aside_with_them(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.StringSetAsync("queue:broken", "not a list");
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await OutboxHost.Start(database, redis.Url, Keeping);

        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("elsewhere", new ShipOrder(Guid.NewGuid(), 1));
                await sender.Send("broken", new ShipOrder(Guid.NewGuid(), 2));
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();

        Assert.Single(await redis.Queue("elsewhere"));
        Assert.Single(await host.Outbox.Faults());
        await using var after = database.Open();
        Assert.Equal(["elsewhere"], await after.Set<OutboxLedger>().Select(row => row.Queue).ToListAsync());
        Assert.Empty(await after.Set<OutboxState>().ToListAsync());
    }

    [Fact]
    public async Task Job_that_too_few_replicas_have_is_sent_once()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(
            database,
            redis.Open().Url,
            Quick with
            {
                Bus = (_, cfg) => cfg.Host(redis.Open().Url, settings => settings.Replicas = 1),
            }
        );

        await Stage(host, isPublished: false);
        await host.Drained();

        Assert.Equal(10, (await redis.Open().Queue("elsewhere")).Length);
        await Until(() => host.Log.Lines.Any(line => line.Contains("without its replicas", StringComparison.Ordinal)));
        Assert.Empty(await host.Outbox.Faults());
    }

    static OutboxHostOptions Quick => new() { Outbox = outbox => outbox.PollInterval = TimeSpan.FromMilliseconds(50) };

    static OutboxHostOptions Keeping =>
        new()
        {
            Outbox = outbox =>
            {
                outbox.PollInterval = TimeSpan.FromMilliseconds(50);
                outbox.KeepUntilCompleted();
            },
        };

    static Task Stage(OutboxHost host, bool isPublished) =>
        host.InScope(
            async (db, publisher, sender) =>
            {
                for (var step = 1; step <= 10; step++)
                {
                    await (
                        isPublished
                            ? publisher.Publish(new OrderSubmitted(Guid.NewGuid(), "Ada"))
                            : sender.Send("elsewhere", new ShipOrder(Guid.NewGuid(), step))
                    );
                }

                await db.SaveChangesAsync();
            }
        );

    // The loop says it at the first of its failures.
    static Task Fails(OutboxHost host, string reason) =>
        Until(() =>
            host.Log.Lines.Any(line =>
                line.Contains("Draining the outbox", StringComparison.Ordinal)
                && line.Contains(reason, StringComparison.Ordinal)
            )
        );

    static async Task Execute(TestDatabase database, string sql)
    {
        await using var context = database.Open();
        await context.Database.ExecuteSqlRawAsync(sql);
    }
}
