using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class DrainedMinuteTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_this_process_drains_is_counted_for_a_minute()
    {
        var clock = new FakeClock();
        var minute = new DrainedMinute<OrdersDb>(clock);
        minute.Add(5);
        clock.Advance(TimeSpan.FromSeconds(59));
        minute.Add(2);
        minute.Add(1);

        Assert.Equal(8, minute.Count);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(3, minute.Count);
        minute.Add(4);
        Assert.Equal(7, minute.Count);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, minute.Count);

        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(database, redis.Url);
        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 2));
                await db.SaveChangesAsync(Token);
            }
        );
        await host.Drained();
        var outbox = host.Services.GetRequiredService<ISidekiqOutbox>();
        await Until(async () => (await outbox.State(cancellationToken: Token)).DrainedLastMinute == 2);
    }
}
