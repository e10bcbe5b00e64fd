using MassTransit.Sidekiq.Outbox.Tests.Contracts;

namespace MassTransit.Sidekiq.Outbox.Tests;

/// <summary>The outbox of docs/bulk.md, as it stands there.</summary>
public sealed class BulkGuideTests
{
    [Fact]
    public async Task Many_messages_are_staged_by_slices_of_one_transaction_and_sent_in_order()
    {
        const int Count = 1500;
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await OutboxHost.Start(database, redis.Url, new OutboxHostOptions { Quiet = true });
        var id = Guid.NewGuid();
        var messages = Enumerable.Range(0, Count).Select(step => new ShipOrder(id, step)).ToAsyncEnumerable();

        await host.InScope(
            async (db, _, sender) =>
            {
                var endpoint = await sender.GetSendEndpoint(new Uri("queue:shipping"));

                await using var transaction = await db.Database.BeginTransactionAsync();
                await foreach (var slice in messages.Chunk(1000))
                {
                    await endpoint.SendMany(slice.ToAsyncEnumerable());
                    await db.SaveChangesAsync();
                    db.ChangeTracker.Clear();
                }

                Assert.Empty(await redis.Keys());
                await transaction.CommitAsync();
            }
        );
        await host.Drained();

        Assert.Equal(Enumerable.Range(0, Count), (await redis.Jobs("shipping")).Select(job => job.Step()));
    }
}
