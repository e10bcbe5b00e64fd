using MassTransit.DependencyInjection;
using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class RelayTests
{
    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Messages_wait_while_Redis_is_down_and_go_out_when_it_is_back(Database kind)
    {
        await using var redis = await RedisServer.StartOwn();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await OutboxHost.Start(database, redis.Open().Url);
        await redis.Kill();

        for (var step = 1; step <= 3; step++)
        {
            await Ship(host, step);
        }

        await Until(() => host.Log.Lines.Any(IsLoss));
        Assert.Equal(3, (await host.Outbox.Count()).Pending);
        await redis.Restart();
        await host.Drained();

        // A push whose answer was lost when the server died may be there twice.
        Assert.Equal([1, 2, 3], (await redis.Open().Jobs("shipping")).Select(job => job.Step()).Distinct());
        Assert.Single(host.Log.Lines, line => IsLoss(line));
        Assert.Empty(await host.Outbox.Faults());
    }

    [Fact]
    public async Task Message_type_that_was_never_sent_before_is_staged_while_Redis_is_down()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(database, redis.Open().Url);
        await redis.Kill();

        await host.InScope(
            async (db, publisher, _) =>
            {
                await publisher.Publish(new MakeInvoice(Guid.NewGuid(), 1));
                await db.SaveChangesAsync();
            }
        );
        await redis.Restart();
        await host.Drained();

        Assert.Single(await redis.Open().Jobs("billing"));
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Message_that_cannot_be_sent_is_set_aside_and_holds_up_nobody(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.StringSetAsync("queue:broken", "not a list");
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await OutboxHost.Start(database, redis.Url);
        var messageId = NewId.NextGuid();

        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await sender.Send("broken", new ShipOrder(Guid.NewGuid(), 2), context => context.MessageId = messageId);
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 3));
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();

        Assert.Equal([1, 3], (await redis.Jobs("shipping")).Select(job => job.Step()));
        var fault = Assert.Single(await host.Outbox.Faults());
        Assert.Equal((messageId, 1), (fault.MessageId, fault.Attempts));
        Assert.Equal(typeof(SidekiqRedisException).FullName, fault.ErrorType);
        Assert.Contains("queue:broken", fault.Error, StringComparison.Ordinal);

        // Nothing has changed: it comes back, and counts.
        Assert.Equal(1, await host.Outbox.Release());
        await host.Drained();
        fault = Assert.Single(await host.Outbox.Faults());
        Assert.Equal(2, fault.Attempts);

        await redis.Db.KeyDeleteAsync("queue:broken");
        Assert.Equal(1, await host.Outbox.Release([fault.Id]));
        await host.Drained();
        Assert.Equal(JobId.From(messageId), Assert.Single(await redis.Jobs("broken")).Jid());
        Assert.Empty(await host.Outbox.Faults());
    }

    [Fact]
    public async Task Fault_can_be_discarded()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.StringSetAsync("queue:shipping", "not a list");
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await OutboxHost.Start(database, redis.Url);
        await Ship(host, 1);
        await host.Drained();

        var fault = Assert.Single(await host.Outbox.Faults());
        Assert.Equal(1, await host.Outbox.Discard([fault.Id]));

        Assert.Equal(new OutboxCounts(0, TimeSpan.Zero, 0), await host.Outbox.Count());
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.MariaDb)]
    public async Task Many_hosts_drain_at_once_and_each_message_is_sent_once(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using (var stager = await OutboxHost.Start(database, redis.Url, StageOnly))
        {
            for (var i = 0; i < 300; i++)
            {
                await Ship(stager, i);
            }
        }

        var drainers = await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(_ =>
                    OutboxHost.Start(database, redis.Url, new OutboxHostOptions { Outbox = o => o.BatchSize = 10 })
                )
        );
        await drainers[0].Drained();

        var steps = (await redis.Jobs("shipping")).Select(job => job.Step()).Order();
        Assert.Equal(Enumerable.Range(0, 300), steps);
        foreach (var drainer in drainers)
        {
            await drainer.DisposeAsync();
        }
    }

    [Fact]
    public async Task Transaction_that_another_host_drains_is_left_to_it()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using (var stager = await OutboxHost.Start(database, redis.Url, StageOnly))
        {
            await Ship(stager, 1);
            await Ship(stager, 2);
        }

        await using var other = new NpgsqlConnection(database.ConnectionString);
        await other.OpenAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(
            """SELECT 1 FROM "OutboxState" ORDER BY "Created" LIMIT 1 FOR UPDATE""",
            other,
            transaction
        );
        await command.ExecuteScalarAsync();

        await using var host = await OutboxHost.Start(database, redis.Url);
        await Until(async () => (await host.Outbox.Count()).Pending == 1);
        Assert.Equal([2], (await redis.Jobs("shipping")).Select(job => job.Step()));

        await transaction.RollbackAsync();
        await host.Drained();
        Assert.Equal([2, 1], (await redis.Jobs("shipping")).Select(job => job.Step()));
    }

    [Theory]
    [InlineData(Database.Postgres, false)]
    [InlineData(Database.Postgres, true)]
    [InlineData(Database.Sqlite, false)]
    [InlineData(Database.Sqlite, true)]
    public async Task Relay_that_dies_before_its_commit_loses_nothing_and_changes_no_job_id(
        Database kind,
        bool isPushed
    )
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using (var dying = await OutboxHost.Start(database, redis.Url, StageOnly))
        {
            await Ship(dying, 1);
            await Ship(dying, 2);

            // A dead process is, to the database, a transaction that is rolled back.
            var bus = dying.Services.GetRequiredService<Bind<IBus, IBusInstance>>().Value;
            var push = new JobPush(BusRuntime.Of(bus));
            var store = dying.Services.GetRequiredService<OutboxStore<OrdersDb>>();
            await using var batch = await store.Claim(OutboxTake.First(100), TestContext.Current.CancellationToken);
            Assert.Equal(2, batch.Messages.Count);
            if (isPushed)
            {
                await push.Push(batch.Messages);
            }
        }

        var before = (await redis.Jobs("shipping")).Select(job => job.Jid()).ToArray();
        await using var host = await OutboxHost.Start(database, redis.Url);
        await host.Drained();

        var jobs = await redis.Jobs("shipping");
        Assert.Equal(isPushed ? [1, 2, 1, 2] : [1, 2], jobs.Select(job => job.Step()));
        Assert.Equal(2, jobs.Select(job => job.Jid()).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(isPushed ? 2 : 0, before.Length);
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Rows_that_MassTransit_staged_are_drained_and_those_it_sent_are_not_sent_again(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using (var db = database.Open())
        {
            Stage(db, 1, new OutboxState { Delivered = DateTime.UnixEpoch });
            await db.SaveChangesAsync();
            Stage(db, 2, new OutboxState());
            db.Add(new OutboxState { OutboxId = NewId.NextGuid(), Created = DateTime.UnixEpoch });
            await db.SaveChangesAsync();
        }

        await using var host = await OutboxHost.Start(database, redis.Url);
        await host.Drained();

        var job = Assert.Single(await redis.Jobs("shipping"));
        Assert.Equal(2, job.Step());
        Assert.Equal("Shop::Contracts::ShipOrder", job.Class());
        await using var after = database.Open();
        Assert.Empty(await after.Set<OutboxState>().ToListAsync());
    }

    [Fact]
    public async Task Scheduled_message_keeps_its_time_however_late_it_is_drained()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        var delay = TimeSpan.FromHours(1);
        DateTime before;
        DateTime after;
        await using (var stager = await OutboxHost.Start(database, redis.Url, StageOnly))
        {
            before = DateTime.UtcNow;
            await stager.InScope(
                async (db, _, sender) =>
                {
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1), context => context.Delay = delay);
                    await db.SaveChangesAsync();
                }
            );
            after = DateTime.UtcNow;
        }

        await using var host = await OutboxHost.Start(database, redis.Url);
        await host.Drained();

        var scheduled = Assert.Single(await redis.ScheduledSet());
        var rounding = TimeSpan.FromMicroseconds(2);
        Assert.InRange(scheduled.Time.UtcDateTime, before + delay - rounding, after + delay + rounding);
        Assert.Equal("shipping", Job.Parse(scheduled.Job).GetProperty("queue").GetString());
    }

    static bool IsLoss(string line) => line.Contains("Redis lost at", StringComparison.Ordinal);

    static OutboxHostOptions StageOnly => new() { Outbox = outbox => outbox.DisableRelay() };

    static Task Ship(OutboxHost host, int step) =>
        host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), step));
                await db.SaveChangesAsync();
            }
        );

    static void Stage(OrdersDb db, int step, OutboxState state)
    {
        state.OutboxId = NewId.NextGuid();
        state.Created = DateTime.UnixEpoch;
        db.Add(state);
        db.Add(
            new OutboxMessage
            {
                OutboxId = state.OutboxId,
                MessageId = NewId.NextGuid(),
                SentTime = DateTime.UnixEpoch,
                ContentType = "application/json",
                MessageType = "urn:message:Shop.Contracts:ShipOrder",
                Body = $$"""{"step":{{step}}}""",
                DestinationAddress = new Uri("sidekiq://localhost/shipping"),
            }
        );
    }
}
