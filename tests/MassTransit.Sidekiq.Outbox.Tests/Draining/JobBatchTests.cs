using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

/// <summary>A batch that is filled from a transaction has the jobs that its commit brings.</summary>
public sealed class JobBatchTests
{
    static readonly CancellationToken never = CancellationToken.None;

    [Theory, InlineData(false), InlineData(true)]
    public async Task Staged_jobs_arrive_when_they_are_drained_and_those_that_become_none_as_well(bool isKept)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await Start(database, redis, isKept);
        var (order, id) = (Guid.NewGuid(), "");

        await host.InScope(async services =>
        {
            id = await Begin(
                services,
                async batch =>
                {
                    await batch.Send(new Uri("queue:stock"), new SyncStock(order), never);
                    // Another one is unique.
                    await batch.Send(new Uri("queue:stock"), new SyncStock(order), never);
                    await batch.Send(
                        new Uri("queue:stock"),
                        new SyncStock(Guid.NewGuid()),
                        x => x.TimeToLive = TimeSpan.FromTicks(1),
                        never
                    );
                    await batch.Publish(new SyncStock(order), never);
                }
            );
            Assert.Equal((0, false), await State(host, id));
            await services.GetRequiredService<OrdersDb>().SaveChangesAsync();
        });
        await host.Drained();

        Assert.Equal((1, true), await State(host, id));
        var job = Assert.Single(await redis.Queue("stock"));
        Assert.Contains($"\"mt_batch\":\"{id}\"", job, StringComparison.Ordinal);
        Assert.Empty(await redis.Queue("told"));
    }

    [Fact]
    public async Task Batch_whose_transaction_is_rolled_back_has_no_callback()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await Start(database, redis, isKept: false);
        var id = "";

        await host.InScope(async services =>
            id = await Begin(
                services,
                batch => batch.Send(new Uri("queue:stock"), new SyncStock(Guid.NewGuid()), never)
            )
        );
        await host.Drained();

        Assert.Equal((0, false), await State(host, id));
        Assert.Empty(await redis.Queue("told"));
    }

    static Task<string> Begin(IServiceProvider services, Func<ISidekiqBatchScope, Task> add) =>
        services
            .GetRequiredService<ISidekiqBatches>()
            .Start(batch => batch.OnComplete(new Uri("queue:told"), new SyncStock(Guid.Empty)), add, never);

    static async Task<(long Total, bool IsFilled)> State(OutboxHost host, string id)
    {
        var batch = await host.Services.GetRequiredService<ISidekiqInspector>().Batches.Find(id, never);
        return (batch!.Total, batch.IsFilled);
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
}
