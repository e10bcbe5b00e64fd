using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

// Domain events: whoever saves publishes, from within the context.
public class InterceptorTests
{
    [Fact]
    public async Task Interceptor_of_the_context_may_take_the_endpoints_that_stage_in_it()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions { Services = services => services.AddScoped<IInterceptor, PublishesOrders>() }
        );

        await using (var scope = host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<OrdersDb>();
            db.Add(new Order { Id = Guid.NewGuid(), Customer = "Ada" });
            await db.SaveChangesAsync();
        }

        await host.Drained();
        Assert.Single(await redis.Jobs("billing"));
    }

    [Theory, InlineData(0, 1), InlineData(1, 0)]
    public async Task What_an_interceptor_publishes_in_a_consumer_goes_with_its_transaction(int failures, int published)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Services = services => services.AddScoped<IInterceptor, PublishesOrders>(),
                Register = x =>
                {
                    x.AddSingleton(new Failures(failures));
                    x.AddConsumer<SavingConsumer>();
                },
                Bus = (context, cfg) =>
                    cfg.ReceiveEndpoint(
                        "ship",
                        endpoint =>
                        {
                            endpoint.UseSidekiqRetry(retry => retry.None());
                            endpoint.UseSidekiqOutbox<OrdersDb>(context);
                            endpoint.ConfigureConsumer<SavingConsumer>(context);
                        }
                    ),
            }
        );

        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("ship", new ShipOrder(Guid.NewGuid(), 1));
                await db.SaveChangesAsync();
            }
        );
        await redis.Until(async redis =>
            (await redis.DeadSet()).Length == failures && (await redis.Queue("billing")).Length == published
        );
        await host.Drained();

        Assert.Equal(published, (await redis.Jobs("billing")).Length);
    }

    sealed class PublishesOrders(IPublishEndpoint publisher, ISendEndpointProvider sender, IMessageScheduler scheduler)
        : SaveChangesInterceptor
    {
        public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData,
            InterceptionResult<int> result,
            CancellationToken cancellationToken = default
        )
        {
            Assert.NotNull(sender);
            Assert.NotNull(scheduler);
            var added = eventData
                .Context!.ChangeTracker.Entries<Order>()
                .Where(entry => entry.State == EntityState.Added)
                .ToList();
            foreach (var order in added)
            {
                await publisher.Publish(new MakeInvoice(order.Entity.Id, 1), cancellationToken);
            }

            return result;
        }
    }

    sealed record Failures(int Count);

    sealed class SavingConsumer(OrdersDb db, Failures failures) : IConsumer<ShipOrder>
    {
        public async Task Consume(ConsumeContext<ShipOrder> context)
        {
            db.Add(new Order { Id = context.Message.OrderId, Customer = "Ada" });
            await db.SaveChangesAsync();
            if (failures.Count > 0)
            {
                throw new InvalidOperationException("rolled back");
            }
        }
    }
}
