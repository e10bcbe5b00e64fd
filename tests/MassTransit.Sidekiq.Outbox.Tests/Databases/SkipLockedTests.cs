using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class SkipLockedTests
{
    [Theory, InlineData(Database.Postgres), InlineData(Database.MariaDb)]
    public async Task Two_hosts_claim_at_once_and_neither_waits_for_the_other(Database kind)
    {
        await using var database = await TestDatabase.Lease(kind);
        await using var db = database.Open();
        var ids = Enumerable.Range(0, 3).Select(_ => NewId.NextGuid()).ToArray();
        foreach (var (id, place) in ids.Select((id, place) => (id, place)))
        {
            db.Add(new OutboxState { OutboxId = id, Created = DateTime.UnixEpoch.AddSeconds(place) });
            db.Add(Row(id, place));
            db.Add(Row(id, place));
            await db.SaveChangesAsync();
        }

        await using var provider = new ServiceCollection()
            .AddDbContext<OrdersDb>(builder => database.Configure(builder))
            .BuildServiceProvider();
        var store = new OutboxStore<OrdersDb>(
            provider.GetRequiredService<IServiceScopeFactory>(),
            new OutboxSettings<OrdersDb>(new SidekiqOutboxOptions())
        );

        await using var first = await Claim(store, new OutboxTake(2, 100));
        await using var second = await Claim(store, new OutboxTake(2, 100));
        await using var third = await Claim(store, new OutboxTake(2, 100));

        Assert.Equal([ids[0], ids[0], ids[1], ids[1]], first.Messages.Select(message => message.OutboxId!.Value));
        Assert.Equal([ids[2], ids[2]], second.Messages.Select(message => message.OutboxId!.Value));
        Assert.True(third.IsEmpty);
    }

    // Staging goes on while somebody drains: neither locks what the other writes.
    [Theory, InlineData(Database.Postgres), InlineData(Database.MariaDb)]
    public async Task Staging_does_not_wait_for_a_host_that_drains(Database kind)
    {
        await using var database = await TestDatabase.Lease(kind);
        await using var db = database.Open();
        var id = NewId.NextGuid();
        db.Add(new OutboxState { OutboxId = id, Created = DateTime.UnixEpoch });
        db.Add(Row(id, 0));
        await db.SaveChangesAsync();
        await using var provider = new ServiceCollection()
            .AddDbContext<OrdersDb>(builder => database.Configure(builder))
            .BuildServiceProvider();
        var store = new OutboxStore<OrdersDb>(
            provider.GetRequiredService<IServiceScopeFactory>(),
            new OutboxSettings<OrdersDb>(new SidekiqOutboxOptions())
        );

        await using var draining = await Claim(store, new OutboxTake(100, 100));
        var next = NewId.NextGuid();
        db.Add(new OutboxState { OutboxId = next, Created = DateTime.UnixEpoch.AddSeconds(1) });
        db.Add(Row(next, 1));
        await db.SaveChangesAsync().InTime();

        Assert.Single(draining.Messages);
    }

    static Task<OutboxBatch> Claim(OutboxStore<OrdersDb> store, OutboxTake take) =>
        store.Claim(take, TestContext.Current.CancellationToken).InTime();

    static OutboxMessage Row(Guid outbox, int place) =>
        new()
        {
            OutboxId = outbox,
            MessageId = NewId.NextGuid(),
            SentTime = DateTime.UnixEpoch.AddSeconds(place),
            ContentType = "application/json",
            MessageType = $"urn:message:{nameof(ShipOrder)}",
            Body = "{}",
        };
}
