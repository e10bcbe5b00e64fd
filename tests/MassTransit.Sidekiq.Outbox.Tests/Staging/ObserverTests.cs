using MassTransit.Audit;
using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class ObserverTests
{
    [Fact]
    public async Task Test_harness_sees_what_is_staged()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await OutboxHost.Start(database, redis.Url);
        var orderId = Guid.NewGuid();

        await host.InScope(
            async (db, publisher, sender) =>
            {
                await publisher.Publish(new MakeInvoice(orderId, 1));
                await publisher.Publish(new OrderSubmitted(orderId, "Ada"), context => context.SkipOutbox());
                await sender.Send("shipping", new ShipOrder(orderId, 1));
                await db.SaveChangesAsync();
            }
        );

        Assert.Equal(orderId, Assert.Single(host.Harness.Published.Select<MakeInvoice>()).Context.Message.OrderId);
        Assert.Single(host.Harness.Published.Select<OrderSubmitted>());
        Assert.Equal(orderId, Assert.Single(host.Harness.Sent.Select<ShipOrder>()).Context.Message.OrderId);
    }

    [Fact]
    public async Task Audit_hears_of_what_is_staged_in_a_scope_and_in_a_consumer()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        var audit = new Audit();
        await using var host = await Start(redis, database);
        var bus = host.Services.GetRequiredService<IBus>();
        bus.ConnectSendAuditObservers(audit);

        await SendAndSave(host);
        await redis.Until(async redis => (await redis.Queue("shipped")).Length == 1);

        Assert.Equal(["Send ShipOrder", "Send ShipOrder", "Publish MakeInvoice"], audit.Stored);
    }

    [Theory, InlineData("Pre"), InlineData("Post"), InlineData("Pre Post")]
    public async Task Observers_that_throw_lose_no_message(string when)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await Start(redis, database);
        var bus = host.Services.GetRequiredService<IBus>();
        bus.ConnectSendObserver(new Throwing(when));
        bus.ConnectPublishObserver(new Throwing(when));

        await SendAndSave(host);
        await redis.Until(async redis =>
            (await redis.Queue("shipped")).Length == 1 && (await redis.Queue("billing")).Length == 1
        );

        Assert.Contains(host.Log.Lines, line => line.Contains("An observer threw", StringComparison.Ordinal));
        Assert.Empty(await redis.RetrySet());
    }

    [Fact]
    public async Task What_an_observer_adds_to_a_message_is_staged_with_it_and_a_message_that_cannot_be_staged_is_a_fault()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await OutboxHost.Start(database, redis.Url);
        var observer = new Marking();
        host.Services.GetRequiredService<IBus>().ConnectSendObserver(observer);

        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await Assert.ThrowsAsync<MessageException>(() =>
                    sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 2), context => context.MessageId = null)
                );
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();

        var job = Assert.Single(await redis.Jobs("shipping"));
        Assert.Contains("\"marked\"", job.GetRawText(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(["Pre", "Post", "Pre", "Fault"], observer.Heard);
    }

    static Task SendAndSave(OutboxHost host) =>
        host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("ship", new ShipOrder(Guid.NewGuid(), 1));
                await db.SaveChangesAsync();
            }
        );

    static Task<OutboxHost> Start(RedisDatabase redis, TestDatabase database) =>
        OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Register = x => x.AddConsumer<Forwarder>(),
                Bus = (context, cfg) =>
                    cfg.ReceiveEndpoint(
                        "ship",
                        endpoint =>
                        {
                            endpoint.UseSidekiqOutbox<OrdersDb>(context);
                            endpoint.ConfigureConsumer<Forwarder>(context);
                        }
                    ),
            }
        );

    sealed class Forwarder : IConsumer<ShipOrder>
    {
        public async Task Consume(ConsumeContext<ShipOrder> context)
        {
            await context.Send(new Uri("queue:shipped"), context.Message);
            await context.Publish(new MakeInvoice(context.Message.OrderId, 1));
        }
    }

    sealed class Audit : IMessageAuditStore
    {
        readonly Lock gate = new();
        readonly List<string> stored = [];

        public string[] Stored
        {
            get
            {
                lock (gate)
                {
                    return [.. stored];
                }
            }
        }

        public Task StoreMessage<T>(T message, MessageAuditMetadata metadata)
            where T : class
        {
            lock (gate)
            {
                stored.Add($"{metadata.ContextType} {typeof(T).Name}");
            }

            return Task.CompletedTask;
        }
    }

    sealed class Throwing(string when) : ISendObserver, IPublishObserver
    {
        public Task PreSend<T>(SendContext<T> context)
            where T : class => Throw("Pre");

        public Task PostSend<T>(SendContext<T> context)
            where T : class => Throw("Post");

        public Task SendFault<T>(SendContext<T> context, Exception exception)
            where T : class => Throw("Fault");

        public Task PrePublish<T>(PublishContext<T> context)
            where T : class => Throw("Pre");

        public Task PostPublish<T>(PublishContext<T> context)
            where T : class => Throw("Post");

        public Task PublishFault<T>(PublishContext<T> context, Exception exception)
            where T : class => Throw("Fault");

        Task Throw(string at) =>
            when.Contains(at, StringComparison.Ordinal)
                ? throw new InvalidOperationException($"observer at {at}")
                : Task.CompletedTask;
    }

    sealed class Marking : ISendObserver
    {
        public List<string> Heard { get; } = [];

        public Task PreSend<T>(SendContext<T> context)
            where T : class
        {
            Heard.Add("Pre");
            context.Headers.Set("marked", "yes");
            return Task.CompletedTask;
        }

        public Task PostSend<T>(SendContext<T> context)
            where T : class
        {
            Heard.Add("Post");
            return Task.CompletedTask;
        }

        public Task SendFault<T>(SendContext<T> context, Exception exception)
            where T : class
        {
            Heard.Add("Fault");
            return Task.CompletedTask;
        }
    }
}
