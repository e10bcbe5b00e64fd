using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

public sealed class RequestTests
{
    [Fact]
    public async Task Request_of_a_scope_is_answered_before_the_transaction_commits()
    {
        await using var asker = await Asker.Open(_ => { });
        await using var transaction = await asker.Db.Database.BeginTransactionAsync();

        var answer = await asker.Client.GetResponse<OrderSubmitted>(new ShipOrder(Guid.NewGuid(), 7)).InTime();

        Assert.Equal("step 7", answer.Message.Customer);
        Assert.Empty(await asker.Db.Set<OutboxMessage>().ToListAsync());
    }

    [Theory]
    [InlineData(Database.Postgres)]
    [InlineData(Database.Sqlite)]
    public async Task Staged_request_is_answered_after_the_commit(Database kind)
    {
        await using var asker = await Asker.Open(outbox => outbox.StageRequests(), kind);
        await using var transaction = await asker.Db.Database.BeginTransactionAsync();

        using var request = asker.Client.Create(new ShipOrder(Guid.NewGuid(), 7));
        var answer = request.GetResponse<OrderSubmitted>();
        await request.Message.InTime();
        await asker.Db.SaveChangesAsync();
        Assert.Equal(0, asker.Asked);
        await transaction.CommitAsync();

        Assert.Equal("step 7", (await answer.InTime()).Message.Customer);
        Assert.Equal(1, asker.Asked);
    }

    [Fact]
    public async Task Staged_request_goes_with_its_transaction()
    {
        await using var asker = await Asker.Open(outbox => outbox.StageRequests());
        await using var transaction = await asker.Db.Database.BeginTransactionAsync();
        using var request = asker.Client.Create(new ShipOrder(Guid.NewGuid(), 7));
        var answer = request.GetResponse<OrderSubmitted>();
        await request.Message.InTime();
        await asker.Db.SaveChangesAsync();
        Assert.Single(await asker.Db.Set<OutboxMessage>().ToListAsync());

        await transaction.RollbackAsync();
        request.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer.InTime());
        Assert.Empty(await asker.Db.Set<OutboxMessage>().AsNoTracking().ToListAsync());
        Assert.Equal(0, asker.Asked);
    }

    public sealed class Answerer(Count count) : IConsumer<ShipOrder>
    {
        public Task Consume(ConsumeContext<ShipOrder> context)
        {
            count.Add();
            return context.RespondAsync(new OrderSubmitted(context.Message.OrderId, $"step {context.Message.Step}"));
        }
    }

    public sealed class Count
    {
        int value;

        public int Value => Volatile.Read(ref value);

        public void Add() => Interlocked.Increment(ref value);
    }

    // A host with somebody who answers, and a scope in it that asks.
    sealed class Asker(RedisDatabase redis, TestDatabase database, OutboxHost host) : IAsyncDisposable
    {
        readonly AsyncServiceScope scope = host.Services.CreateAsyncScope();

        public OrdersDb Db => scope.ServiceProvider.GetRequiredService<OrdersDb>();

        public IRequestClient<ShipOrder> Client =>
            scope.ServiceProvider.GetRequiredService<IRequestClient<ShipOrder>>();

        public int Asked => scope.ServiceProvider.GetRequiredService<Count>().Value;

        public static async Task<Asker> Open(Action<SidekiqOutboxOptions> configure, Database kind = Database.Postgres)
        {
            var redis = await RedisServer.Lease();
            var database = await TestDatabase.Lease(kind);
            var options = new OutboxHostOptions
            {
                Outbox = configure,
                Register = x =>
                {
                    x.AddSingleton<Count>();
                    x.AddConsumer<Answerer>();
                    x.AddRequestClient<ShipOrder>();
                },
            };
            return new Asker(redis, database, await OutboxHost.Start(database, redis.Url, options));
        }

        public async ValueTask DisposeAsync()
        {
            await scope.DisposeAsync();
            await host.DisposeAsync();
            await database.DisposeAsync();
            await redis.DisposeAsync();
        }
    }
}
