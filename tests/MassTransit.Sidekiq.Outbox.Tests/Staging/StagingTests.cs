using System.Text;
using System.Transactions;
using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class StagingTests
{
    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Message_is_sent_after_its_transaction_commits(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await OutboxHost.Start(database, redis.Url);
        var (id, messageId) = (Guid.NewGuid(), NewId.NextGuid());

        await host.InScope(
            async (db, _, sender) =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync();
                db.Add(new Order { Id = id, Customer = "Ada" });
                await sender.Send("shipping", new ShipOrder(id, 1), context => context.MessageId = messageId);
                await db.SaveChangesAsync();

                Assert.Empty(await redis.Keys());
                await transaction.CommitAsync();
            }
        );
        await host.Drained();

        var job = Assert.Single(await redis.Jobs("shipping"));
        Assert.Equal(JobId.From(messageId), job.Jid());
        Assert.Equal(1, job.Step());
        Assert.Equal(["shipping"], await redis.Queues());
        Assert.Equal(new OutboxCounts(0, TimeSpan.Zero, 0), await host.Outbox.Count());
    }

    [Fact]
    public async Task Life_of_a_job_counts_from_its_staging()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await OutboxHost.Start(database, redis.Url);

        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("quotes", new QuotePrice(Guid.NewGuid()));
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();

        var job = SidekiqJob.Parse(Encoding.UTF8.GetBytes(Assert.Single(await redis.Queue("quotes"))), "quotes");
        Assert.Equal(TimeSpan.FromHours(1), job.ExpiresIn);
        Assert.InRange(
            job.ExpiresAt!.Value - job.CreatedAt!.Value,
            TimeSpan.FromMinutes(59.9),
            TimeSpan.FromMinutes(60.1)
        );
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Message_of_a_transaction_that_is_rolled_back_is_never_sent(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await OutboxHost.Start(database, redis.Url);

        await host.InScope(
            async (db, publisher, sender) =>
            {
                await using (var transaction = await db.Database.BeginTransactionAsync())
                {
                    await publisher.Publish(new MakeInvoice(Guid.NewGuid(), 10));
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                    await db.SaveChangesAsync();
                    await transaction.RollbackAsync();
                }

                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 2));
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();

        Assert.Equal([2], (await redis.Jobs("shipping")).Select(job => job.Step()));
        Assert.Equal(["shipping"], await redis.Queues());
    }

    [Fact]
    public async Task Message_without_SaveChanges_is_not_sent_and_this_is_said()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await OutboxHost.Start(database, redis.Url);

        await host.InScope(async (_, _, sender) => await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1)));
        await host.Drained();

        Assert.Empty(await redis.Keys());
        Assert.Single(host.Log.Lines, line => line.Contains("without SaveChanges", StringComparison.Ordinal));
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Messages_of_a_transaction_are_sent_in_order_however_often_it_saves(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions { Outbox = outbox => outbox.BatchSize = 7 }
        );

        await host.InScope(
            async (db, _, sender) =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync();
                for (var step = 0; step < 100; step++)
                {
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), step));
                    if (step % 5 == 0)
                    {
                        await db.SaveChangesAsync();
                    }
                }

                await db.SaveChangesAsync();
                await transaction.CommitAsync();
            }
        );
        await host.Drained();

        Assert.Equal(Enumerable.Range(0, 100), (await redis.Jobs("shipping")).Select(job => job.Step()));
    }

    [Fact]
    public async Task Execution_strategy_that_repeats_a_transaction_sends_its_messages_once()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions { RetryOnFailure = true }
        );
        var attempts = 0;

        await host.InScope(
            async (db, _, sender) =>
                await db
                    .Database.CreateExecutionStrategy()
                    .ExecuteAsync(async () =>
                    {
                        await using var transaction = await db.Database.BeginTransactionAsync();
                        await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), ++attempts));
                        await db.SaveChangesAsync();
                        if (attempts == 1)
                        {
                            throw new NpgsqlException("gone", new TimeoutException());
                        }

                        await transaction.CommitAsync();
                    })
        );
        await host.Drained();

        Assert.Equal([2], (await redis.Jobs("shipping")).Select(job => job.Step()));
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Messages_that_were_cleared_from_the_tracker_are_not_sent_and_those_behind_them_are(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await OutboxHost.Start(database, redis.Url);

        await host.InScope(
            async (db, _, sender) =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync();
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                db.ChangeTracker.Clear();
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 2));
                await db.SaveChangesAsync();
                db.ChangeTracker.Clear();
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 3));
                await db.SaveChangesAsync();
                await transaction.CommitAsync();

                db.ChangeTracker.Clear();
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 4));
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();

        Assert.Equal([2, 3, 4], (await redis.Jobs("shipping")).Select(job => job.Step()));
        Assert.DoesNotContain(host.Log.Lines, line => line.Contains("without SaveChanges", StringComparison.Ordinal));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Ambient_transaction_decides_over_its_messages(bool isCompleted)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(database, redis.Url);

        using (var ambient = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await host.InScope(
                async (db, _, sender) =>
                {
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                    await db.SaveChangesAsync();
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 2));
                    await db.SaveChangesAsync();
                }
            );
            if (isCompleted)
            {
                ambient.Complete();
            }
        }

        await host.Drained();

        Assert.Equal(isCompleted ? [1, 2] : [], (await redis.Jobs("shipping")).Select(job => job.Step()));
    }

    [Fact]
    public async Task Raw_transaction_of_the_database_driver_decides_over_its_messages()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(database, redis.Url);

        await host.InScope(
            async (db, _, sender) =>
            {
                await db.Database.OpenConnectionAsync();
                var connection = (NpgsqlConnection)db.Database.GetDbConnection();
                await using (var lost = await connection.BeginTransactionAsync())
                {
                    await db.Database.UseTransactionAsync(lost);
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                    await db.SaveChangesAsync();
                    await lost.RollbackAsync();
                }

                await using var kept = await connection.BeginTransactionAsync();
                await db.Database.UseTransactionAsync(kept);
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 2));
                await db.SaveChangesAsync();
                await kept.CommitAsync();
            }
        );
        await host.Drained();

        Assert.Equal([2], (await redis.Jobs("shipping")).Select(job => job.Step()));
    }

    [Fact]
    public async Task Messages_behind_a_savepoint_go_with_it()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(database, redis.Url);

        await host.InScope(
            async (db, _, sender) =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync();
                await transaction.CreateSavepointAsync("before");
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await db.SaveChangesAsync();
                await transaction.RollbackToSavepointAsync("before");
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 2));
                await db.SaveChangesAsync();
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 3));
                await db.SaveChangesAsync();
                await transaction.CommitAsync();
            }
        );
        await host.Drained();

        Assert.Equal([2, 3], (await redis.Jobs("shipping")).Select(job => job.Step()));
    }

    [Fact]
    public async Task Job_is_what_the_contract_said_when_it_was_staged_though_the_drainer_does_not_know_it()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        var orderId = Guid.NewGuid();
        await using (
            var stager = await OutboxHost.Start(
                database,
                redis.Url,
                new OutboxHostOptions
                {
                    Outbox = outbox => outbox.DisableRelay(),
                    Bus = (_, cfg) => cfg.Job<ShipOrder>(job => job.Class("Shipping::Ship").Retry(3).Tags("urgent")),
                }
            )
        )
        {
            await stager.InScope(
                async (db, publisher, sender) =>
                {
                    await publisher.Publish(new MakeInvoice(orderId, 12.5m));
                    await sender.Send(
                        "shipping",
                        new ShipOrder(orderId, 1),
                        context => context.Job(job => job.Dead = false)
                    );
                    await db.SaveChangesAsync();
                }
            );
            Assert.Empty(await redis.Keys());
        }

        await using var drainer = await OutboxHost.Start(database, redis.Url);
        await drainer.Drained();

        var invoice = Assert.Single(await redis.Jobs("billing"));
        Assert.Equal("Billing::InvoiceWorker", invoice.Class());
        Assert.Equal($"""["{orderId}",12.5,"EUR"]""", invoice.GetProperty("args").GetRawText());
        var job = Assert.Single(await redis.Jobs("shipping"));
        Assert.Equal("Shipping::Ship", job.Class());
        Assert.Equal(3, job.GetProperty("retry").GetInt32());
        Assert.Equal("""["urgent"]""", job.GetProperty("tags").GetRawText());
        Assert.False(job.GetProperty("dead").GetBoolean());
    }
}
