using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class ChoiceTests
{
    [Fact]
    public async Task Message_type_that_bypasses_the_outbox_is_sent_at_once()
    {
        var (staged, sent) = await Roll(outbox => outbox.Bypass<MakeInvoice>());

        Assert.Equal((0, 1), (staged, sent));
    }

    [Fact]
    public async Task Only_the_message_types_that_were_chosen_are_staged()
    {
        var (staged, sent) = await Roll(outbox => outbox.Only<ShipOrder>());

        Assert.Equal((0, 1), (staged, sent));
    }

    [Fact]
    public async Task Single_message_can_skip_the_outbox()
    {
        var (staged, sent) = await Roll(_ => { }, skip: true);

        Assert.Equal((0, 1), (staged, sent));
    }

    [Fact]
    public async Task Context_has_one_outbox()
    {
        await using var database = await TestDatabase.Lease(Database.Sqlite);

        var fault = await Assert.ThrowsAsync<ConfigurationException>(() =>
            OutboxHost.Start(
                database,
                "redis://127.0.0.1:1",
                new OutboxHostOptions { Register = x => x.AddSidekiqOutbox<OrdersDb>() }
            )
        );

        Assert.Contains("OrdersDb has an outbox already", fault.Message, StringComparison.Ordinal);
    }

    // Publishes an invoice in a transaction that is rolled back, and counts what is left of it.
    static async Task<(int Staged, int Sent)> Roll(Action<SidekiqOutboxOptions> choose, bool skip = false)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await OutboxHost.Start(database, redis.Url, new OutboxHostOptions { Outbox = choose });

        await host.InScope(
            (_, publisher, _) =>
                publisher.Publish(
                    new MakeInvoice(Guid.NewGuid(), 1),
                    context =>
                    {
                        if (skip)
                        {
                            context.SkipOutbox();
                        }
                    }
                )
        );

        await using var after = database.Open();
        return (await after.Set<OutboxMessage>().CountAsync(), (await redis.Jobs("billing")).Length);
    }
}
