using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class ScheduleTests
{
    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Scheduling_and_cancelling_wait_for_the_commit(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await OutboxHost.Start(database, redis.Url);
        var due = DateTime.UtcNow.AddHours(1);

        var first = await Schedule(host, due, step: 1);
        var second = await Schedule(host, due, step: 2);
        await host.Drained();
        Assert.Equal(2, (await redis.ScheduledSet()).Length);

        await Cancel(host, first, isCommitted: false);
        await host.Drained();
        Assert.Equal(2, (await redis.ScheduledSet()).Length);

        await Cancel(host, first, isCommitted: true);
        await host.Drained();
        Assert.Equal(2, Job.Parse(Assert.Single(await redis.ScheduledSet()).Job).Step());
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task Message_that_is_cancelled_before_it_is_drained_is_never_due()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(database, redis.Open().Url);
        await redis.Kill();

        var token = await Schedule(host, DateTime.UtcNow.AddHours(1), step: 1);
        await Cancel(host, token, isCommitted: true);
        await redis.Restart();
        await host.Drained();

        Assert.Empty(await redis.Open().ScheduledSet());
        Assert.Empty(await host.Outbox.Faults());
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Message_and_its_cancellation_that_wait_together_are_deleted_and_Redis_hears_of_neither(
        Database kind
    )
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.StringSetAsync("schedule", "refuses every command");
        await using var database = await TestDatabase.Lease(kind);
        await using (
            var stager = await OutboxHost.Start(
                database,
                redis.Url,
                new OutboxHostOptions { Outbox = outbox => outbox.DisableRelay() }
            )
        )
        {
            var token = await Schedule(stager, DateTime.UtcNow.AddHours(1), step: 1);
            await Cancel(stager, token, isCommitted: true);
        }

        await using var host = await OutboxHost.Start(database, redis.Url);
        await host.Drained();

        Assert.Empty(await host.Outbox.Faults());
        Assert.Equal(["schedule"], await redis.Keys());
    }

    [Theory]
    [InlineData(Database.Postgres, 1000)]
    [InlineData(Database.Sqlite, 1000)]
    [InlineData(Database.Postgres, 1)]
    [InlineData(Database.Sqlite, 1)]
    public async Task Cancellation_leaves_alone_what_was_scheduled_after_it_under_the_same_token(
        Database kind,
        int batchSize
    )
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        var (token, due) = (Guid.NewGuid(), DateTime.UtcNow.AddHours(1));
        await using (
            var stager = await OutboxHost.Start(
                database,
                redis.Url,
                new OutboxHostOptions { Outbox = outbox => outbox.DisableRelay() }
            )
        )
        {
            await Cancel(stager, token, isCommitted: true);
            await stager.InScope(
                async (db, _, sender) =>
                {
                    await sender.Send(
                        "shipping",
                        new ShipOrder(Guid.NewGuid(), 1),
                        context => (context.Delay, context.ScheduledMessageId) = (due - DateTime.UtcNow, token)
                    );
                    await db.SaveChangesAsync();
                }
            );
        }

        await using var host = await OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions { Outbox = outbox => outbox.BatchSize = batchSize }
        );
        await host.Drained();

        Assert.Single(await redis.ScheduledSet());
    }

    static async Task<Guid> Schedule(OutboxHost host, DateTime due, int step)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var scheduler = scope.ServiceProvider.GetRequiredService<IMessageScheduler>();
        var scheduled = await scheduler.ScheduleSend(
            new Uri("queue:shipping"),
            due,
            new ShipOrder(Guid.NewGuid(), step)
        );
        await scope.ServiceProvider.GetRequiredService<OrdersDb>().SaveChangesAsync();

        return scheduled.TokenId;
    }

    static async Task Cancel(OutboxHost host, Guid token, bool isCommitted)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OrdersDb>();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await scope
            .ServiceProvider.GetRequiredService<IMessageScheduler>()
            .CancelScheduledSend(new Uri("queue:shipping"), token);
        await db.SaveChangesAsync();
        if (isCommitted)
        {
            await transaction.CommitAsync();
        }
    }
}
