using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class BypassTests
{
    [Fact]
    public async Task Send_past_the_outbox_inside_a_transaction_is_warned_of_once_per_call_site()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await OutboxHost.Start(database, redis.Url);

        await InTransaction(host, FromHere);
        await InTransaction(host, FromHere);
        Assert.Contains(
            $"{nameof(BypassTests)}.{nameof(FromHere)}",
            Assert.Single(Warnings(host)),
            StringComparison.Ordinal
        );

        await InTransaction(host, (bus, _) => bus.Publish(new OrderSubmitted(Guid.NewGuid(), "Ada")));
        Assert.Equal(2, Warnings(host).Length);
    }

    [Fact]
    public async Task Nothing_is_said_of_what_is_staged_meant_or_outside_of_a_transaction()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await OutboxHost.Start(database, redis.Url);

        await InTransaction(host, (_, publisher) => publisher.Publish(new OrderSubmitted(Guid.NewGuid(), "staged")));
        await InTransaction(
            host,
            (_, publisher) =>
                publisher.Publish(new OrderSubmitted(Guid.NewGuid(), "meant"), context => context.SkipOutbox())
        );
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OrdersDb>();
        await (await db.Database.BeginTransactionAsync()).RollbackAsync();
        await FromHere(host.Services.GetRequiredService<IBus>(), null!);
        await (await db.Database.BeginTransactionAsync()).CommitAsync();
        await FromHere(host.Services.GetRequiredService<IBus>(), null!);

        Assert.Empty(Warnings(host));
    }

    static Task FromHere(IBus bus, IPublishEndpoint publisher) => bus.Publish(new MakeInvoice(Guid.NewGuid(), 1));

    static async Task InTransaction(OutboxHost host, Func<IBus, IPublishEndpoint, Task> send)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OrdersDb>();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await send(
            host.Services.GetRequiredService<IBus>(),
            scope.ServiceProvider.GetRequiredService<IPublishEndpoint>()
        );
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
    }

    static string[] Warnings(OutboxHost host) =>
        [.. host.Log.Lines.Where(line => line.Contains("past the outbox", StringComparison.Ordinal))];
}
