using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class SeveralTests
{
    [Fact]
    public async Task Each_bus_sends_what_was_staged_in_its_own_context()
    {
        await using var redis = await RedisServer.Lease();
        await using var other = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var second = await TestDatabase.Lease(Database.Sqlite);
        await using var provider = new ServiceCollection()
            .AddLogging()
            .AddDbContext<OrdersDb>(builder => database.Configure(builder))
            .AddDbContext<StockDb>(builder => builder.UseSqlite(second.ConnectionString))
            .AddMassTransit(x =>
            {
                x.AddSidekiqOutbox<OrdersDb>(outbox => outbox.UseBusOutbox());
                x.UsingSidekiq((_, cfg) => cfg.Host(redis.Url));
            })
            .AddMassTransit<IStockBus>(x =>
            {
                x.AddSidekiqOutbox<StockDb>(outbox => outbox.UseBusOutbox());
                x.UsingSidekiq((_, cfg) => cfg.Host(other.Url));
            })
            .BuildServiceProvider(validateScopes: true);
        await using var buses = await Buses.Start(provider);

        await using (var scope = provider.CreateAsyncScope())
        {
            var services = scope.ServiceProvider;
            await services
                .GetRequiredService<ISendEndpointProvider>()
                .Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
            await services
                .GetRequiredService<DependencyInjection.Bind<IStockBus, ISendEndpointProvider>>()
                .Value.Send("shipping", new ShipOrder(Guid.NewGuid(), 2));
            await services.GetRequiredService<OrdersDb>().SaveChangesAsync();
            await services.GetRequiredService<StockDb>().SaveChangesAsync();
        }

        await redis.Until(async redis => (await redis.Queue("shipping")).Length == 1);
        await other.Until(async redis => (await redis.Queue("shipping")).Length == 1);
        Assert.Equal(1, (await redis.Jobs("shipping"))[0].Step());
        Assert.Equal(2, (await other.Jobs("shipping"))[0].Step());
    }

    [Fact]
    public async Task Several_contexts_of_one_bus_are_all_drained()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var second = await TestDatabase.Lease(Database.Sqlite);
        await using var provider = new ServiceCollection()
            .AddLogging()
            .AddDbContext<OrdersDb>(builder => database.Configure(builder))
            .AddDbContext<StockDb>(builder => builder.UseSqlite(second.ConnectionString))
            .AddMassTransit(x =>
            {
                x.AddConsumer<StockConsumer>();
                x.AddSidekiqOutbox<OrdersDb>(outbox => outbox.UseBusOutbox());
                x.AddSidekiqOutbox<StockDb>();
                x.UsingSidekiq(
                    (context, cfg) =>
                    {
                        cfg.Host(redis.Url);
                        cfg.ReceiveEndpoint(
                            "stock",
                            endpoint =>
                            {
                                endpoint.UseSidekiqOutbox<StockDb>(context);
                                endpoint.ConfigureConsumer<StockConsumer>(context);
                            }
                        );
                    }
                );
            })
            .BuildServiceProvider(validateScopes: true);
        await using var buses = await Buses.Start(provider);

        await using (var scope = provider.CreateAsyncScope())
        {
            var services = scope.ServiceProvider;
            await services.GetRequiredService<ISendEndpointProvider>().Send("stock", new ShipOrder(Guid.NewGuid(), 5));
            await services.GetRequiredService<OrdersDb>().SaveChangesAsync();
        }

        // The first context staged what the consumer gets, the second what it sends.
        await redis.Until(async redis => (await redis.Queue("shipped")).Length == 1);
        await using var after = new StockDb(
            new DbContextOptionsBuilder<StockDb>().UseSqlite(second.ConnectionString).Options
        );
        Assert.Equal(1, await after.Set<InboxState>().CountAsync());
    }

    [Fact]
    public async Task Event_reaches_those_who_subscribed_to_its_interface()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        var heard = new TaskCompletionSource<Guid>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Bus = (_, cfg) =>
                    cfg.ReceiveEndpoint(
                        "audit",
                        endpoint =>
                            endpoint.Handler<IOrderEvent>(context =>
                            {
                                heard.TrySetResult(context.Message.OrderId);
                                return Task.CompletedTask;
                            })
                    ),
            }
        );
        var order = Guid.NewGuid();

        await host.InScope(
            async (db, publisher, _) =>
            {
                await publisher.Publish(new OrderSubmitted(order, "Ada"));
                await db.SaveChangesAsync();
            }
        );

        await heard.Task.InTime();
        Assert.Equal(order, await heard.Task);
    }

    [Fact]
    public async Task Each_outbox_says_its_context_and_the_bus_that_it_sends_with()
    {
        await using var provider = new ServiceCollection()
            .AddLogging()
            .AddDbContext<OrdersDb>(builder => builder.UseSqlite("Data Source=:memory:"))
            .AddDbContext<StockDb>(builder => builder.UseSqlite("Data Source=:memory:"))
            .AddMassTransit(x =>
            {
                x.AddSidekiqOutbox<OrdersDb>();
                x.UsingSidekiq();
            })
            .AddMassTransit<IStockBus>(x =>
            {
                x.AddSidekiqOutbox<StockDb>();
                x.UsingSidekiq();
            })
            .BuildServiceProvider(validateScopes: true);

        Assert.Equal(
            [("OrdersDb", typeof(IBus)), ("StockDb", typeof(IStockBus))],
            provider.GetServices<ISidekiqOutbox>().Select(outbox => (outbox.Name, outbox.Bus))
        );
    }

    public interface IStockBus : IBus;

    public sealed class StockDb(DbContextOptions<StockDb> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddSidekiqOutbox();
    }

    public sealed class StockConsumer : IConsumer<ShipOrder>
    {
        public Task Consume(ConsumeContext<ShipOrder> context) =>
            context.Send(new Uri("queue:shipped"), new ShipOrder(context.Message.OrderId, context.Message.Step));
    }

    sealed class Buses(IBusDepot depot) : IAsyncDisposable
    {
        public static async Task<Buses> Start(IServiceProvider provider)
        {
            var depot = provider.GetRequiredService<IBusDepot>();
            await depot.Start(TestContext.Current.CancellationToken).InTime();
            return new Buses(depot);
        }

        public async ValueTask DisposeAsync() => await depot.Stop(Eventually.Guard);
    }
}
