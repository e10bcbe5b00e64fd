using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class SharedConnectionTests
{
    // As tests have a database in memory.
    [Fact]
    public async Task Contexts_that_share_one_connection_save_and_send()
    {
        await using var redis = await RedisServer.Lease();
        await using var connection = new SqliteConnection("Data Source=:memory:");
        await connection.OpenAsync();
        await using var database = TestDatabase.Over(connection);
        await using (var db = database.Open())
        {
            await db.Database.EnsureCreatedAsync();
        }

        await using var host = await OutboxHost.Start(database, redis.Url);
        for (var step = 1; step <= 40; step++)
        {
            await host.InScope(
                async (db, publisher, sender) =>
                {
                    await using var transaction = step % 2 == 0 ? await db.Database.BeginTransactionAsync() : null;
                    db.Add(new Order { Id = Guid.NewGuid(), Customer = "Ada" });
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), step));
                    await publisher.Publish(new MakeInvoice(Guid.NewGuid(), step));
                    await db.SaveChangesAsync();
                    await (transaction?.CommitAsync() ?? Task.CompletedTask);
                }
            );
        }

        await host.Drained();
        Assert.Equal(Enumerable.Range(1, 40), (await redis.Jobs("shipping")).Select(job => job.Step()));
        Assert.Equal(40, (await redis.Jobs("billing")).Length);
        Assert.Single(host.Log.Lines, line => line.Contains("share one connection", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Claim_that_fails_leaves_no_transaction_open()
    {
        await using var connection = new SqliteConnection("Data Source=:memory:");
        await connection.OpenAsync();
        await using var database = TestDatabase.Over(connection);
        await using var db = database.Open();
        await db.Database.EnsureCreatedAsync();
        db.Add(new OutboxState { OutboxId = Guid.NewGuid(), Created = DateTime.UnixEpoch });
        await db.SaveChangesAsync();
        await db.Database.ExecuteSqlRawAsync("ALTER TABLE OutboxMessage RENAME TO Gone");
        await using var provider = new ServiceCollection()
            .AddDbContext<OrdersDb>(builder => database.Configure(builder))
            .BuildServiceProvider();
        var store = new OutboxStore<OrdersDb>(
            provider.GetRequiredService<IServiceScopeFactory>(),
            new OutboxSettings<OrdersDb>(new SidekiqOutboxOptions())
        );

        await Assert.ThrowsAsync<SqliteException>(() =>
            store.Claim(OutboxTake.First(1), TestContext.Current.CancellationToken)
        );

        await using var transaction = await db.Database.BeginTransactionAsync();
    }
}
