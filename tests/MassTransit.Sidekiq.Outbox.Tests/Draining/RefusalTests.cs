using MassTransit.Sidekiq.Outbox.Tests.Contracts;

namespace MassTransit.Sidekiq.Outbox.Tests;

// What Redis refuses one place for good keeps nobody from the others; what it refuses everybody for now is waited for.
public class RefusalTests
{
    [Fact]
    public async Task Thousand_messages_to_a_queue_outside_the_ACL_are_set_aside_and_are_one_trouble()
    {
        // Everything but queues, and of these one.
        var rights = "on >secret ~[^q]* ~queues ~queue:shipping &* +@all";
        await using var redis = await RedisServer.StartOwn(new RedisServerOptions { Users = [$"relay {rights}"] });
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(
            database,
            redis.Open().Url,
            new OutboxHostOptions
            {
                Bus = (_, cfg) =>
                    cfg.Host(
                        redis.Open().Url,
                        settings =>
                        {
                            settings.UserName = "relay";
                            settings.Password = "secret";
                        }
                    ),
            }
        );

        await Send(host, "hidden", 1000);
        await Send(host, "shipping", 1);
        await host.Drained();

        Assert.Single(await redis.Open().Queue("shipping"));
        Assert.Equal(1000, (await host.Outbox.Count()).SetAside);
        Assert.Single(host.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
        Assert.Contains(host.Log.Lines, line => IsRefusal(line) && line.Contains("hidden", StringComparison.Ordinal));

        await redis.Open().Db.ExecuteAsync("ACL", "SETUSER", "relay", "~*");
        Assert.Equal(1000, await host.Outbox.Release());
        await host.Drained();

        Assert.Equal(1000, (await redis.Open().Queue("hidden")).Length);
        await Until(() =>
            host.Log.Lines.Any(line => line.Contains("1000 messages were set aside", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task Event_whose_topic_has_another_type_is_set_aside_and_the_next_goes_out()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.StringSetAsync(
            "mt:topic:MassTransit.Sidekiq.Outbox.Tests.Contracts:OrderSubmitted",
            "not a hash"
        );
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(database, redis.Url);

        await host.InScope(
            async (db, publisher, sender) =>
            {
                await publisher.Publish(new OrderSubmitted(Guid.NewGuid(), "Ada"));
                await publisher.Publish(new MakeInvoice(Guid.NewGuid(), 1));
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();

        Assert.Single(await redis.Queue("billing"));
        Assert.Single(await redis.Queue("shipping"));
        var fault = Assert.Single(await host.Outbox.Faults());
        Assert.Contains("OrderSubmitted", fault.MessageType, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Full_Redis_is_waited_for_and_said_once_at_each_end()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(database, redis.Open().Url);
        await Send(host, "shipping", 1);
        await host.Drained();
        await redis.Open().Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        await Send(host, "shipping", 20);
        await Until(() => host.Log.Lines.Any(IsWait));
        Assert.Equal(20, (await host.Outbox.Count()).Pending);
        await redis.Open().Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await host.Drained();

        Assert.Equal(21, (await redis.Open().Jobs("shipping")).Length);
        Assert.Empty(await host.Outbox.Faults());
        await Until(() => host.Log.Lines.Any(IsEndOfWait));
        Assert.Single(host.Log.Lines, IsWait);
        Assert.Single(host.Log.Lines, IsEndOfWait);
    }

    [Fact]
    public async Task Message_of_an_unknown_type_that_reaches_nobody_is_told_of_once()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using (var db = database.Open())
        {
            for (var i = 0; i < 3; i++)
            {
                OfficialRow.Stage(db, "urn:message:Shop.Contracts:Forgotten", "Shop.Contracts:Forgotten?type=topic");
            }

            await db.SaveChangesAsync();
        }

        await using var host = await OutboxHost.Start(database, redis.Url);
        await host.Drained();

        await Until(() => host.Log.Lines.Any(IsUnheard));
        Assert.Single(host.Log.Lines, IsUnheard);
    }

    static bool IsUnheard(string line) =>
        line.Contains("reached no queue", StringComparison.Ordinal)
        && line.Contains("Shop.Contracts:Forgotten", StringComparison.Ordinal);

    static bool IsRefusal(string line) => line.Contains("Redis refuses what the outbox", StringComparison.Ordinal);

    static bool IsEndOfWait(string line) => line.Contains("drains again", StringComparison.Ordinal);

    static bool IsWait(string line) => line.Contains("The outbox of OrdersDb waits", StringComparison.Ordinal);

    static Task Send(OutboxHost host, string queue, int count) =>
        host.InScope(
            async (db, _, sender) =>
            {
                for (var step = 1; step <= count; step++)
                {
                    await sender.Send(queue, new ShipOrder(Guid.NewGuid(), step));
                }

                await db.SaveChangesAsync();
            }
        );
}
