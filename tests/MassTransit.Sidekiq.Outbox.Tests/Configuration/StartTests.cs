using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using MassTransit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq.Outbox.Tests;

// Whoever forgot a step hears which, and when the bus starts.
public class StartTests
{
    [Fact]
    public async Task Endpoint_with_an_outbox_that_nobody_added_is_refused()
    {
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var provider = new ServiceCollection()
            .AddDbContext<OrdersDb>(builder => database.Configure(builder))
            .AddMassTransit(x =>
                x.UsingSidekiq(
                    (context, cfg) =>
                        cfg.ReceiveEndpoint("ship", endpoint => endpoint.UseSidekiqOutbox<OrdersDb>(context))
                )
            )
            .BuildServiceProvider();

        var fault = Assert.ThrowsAny<Exception>(provider.GetRequiredService<IBusControl>);

        Assert.Contains("Call x.AddSidekiqOutbox<OrdersDb>()", fault.ToString(), StringComparison.Ordinal);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Model_without_the_tables_is_refused(bool hasRelay)
    {
        await using var provider = new ServiceCollection()
            .AddLogging()
            .AddDbContext<BareDb>(builder => builder.UseSqlite("Data Source=:memory:"))
            .AddMassTransit(x =>
            {
                x.AddSidekiqOutbox<BareDb>(outbox =>
                {
                    if (!hasRelay)
                    {
                        outbox.DisableRelay();
                    }
                });
                x.UsingSidekiq((_, cfg) => cfg.Host("redis://127.0.0.1:1"));
            })
            .BuildServiceProvider();

        var fault = await Assert.ThrowsAsync<ConfigurationException>(() =>
            provider.GetRequiredService<IBusControl>().StartAsync(TestContext.Current.CancellationToken)
        );

        Assert.Contains("Call modelBuilder.AddSidekiqOutbox()", fault.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Missing_table_is_said_once_and_cured_by_the_migration(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        var (hide, show) = (Rename(kind, "OutboxLedger", "Old"), Rename(kind, "Old", "OutboxLedger"));
        await using var db = database.Open();
        await db.Database.ExecuteSqlRawAsync(hide);
        await using var host = await OutboxHost.Start(database, redis.Url);
        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await db.SaveChangesAsync();
            }
        );

        await Until(() => Said(host).Length > 0);
        var said = Assert.Single(Said(host));
        Assert.Contains("OutboxLedger", said, StringComparison.Ordinal);
        Assert.Contains("dotnet ef migrations add", said, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Log.Lines, line => line.Contains("failed and is retried", StringComparison.Ordinal));

        await db.Database.ExecuteSqlRawAsync(show);
        await redis.Until(async redis => (await redis.Queue("shipping")).Length == 1);
        Assert.Single(Said(host));
    }

    // As tests of an application do it: its transport is exchanged, all else stays.
    [Fact]
    public async Task Application_whose_transport_is_exchanged_for_memory_starts_and_works()
    {
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        var services = Application(database);
        services.AddMassTransitTestHarness();
        await using var provider = services.BuildServiceProvider(validateScopes: true);
        var harness = provider.GetRequiredService<ITestHarness>();
        await harness.Start();

        await using (var scope = provider.CreateAsyncScope())
        {
            var sender = scope.ServiceProvider.GetRequiredService<ISendEndpointProvider>();
            await sender.Send("ship", new ShipOrder(Guid.NewGuid(), 1));
            await scope.ServiceProvider.GetRequiredService<OrdersDb>().SaveChangesAsync();
        }

        Assert.True(await harness.Consumed.Any<ShipOrder>());
        Assert.True(await harness.Published.Any<MakeInvoice>());
        await using var db = database.Open();
        await Until(async () => await db.Set<InboxState>().CountAsync() == 1);
        Assert.Equal(["Ada"], await db.Orders.Select(order => order.Customer).ToListAsync());
        Assert.Empty(await db.Set<OutboxMessage>().ToListAsync());
        await harness.Stop();
    }

    [Fact]
    public async Task In_memory_a_consumer_that_fails_sends_nothing()
    {
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        var services = Application(database);
        services.AddMassTransitTestHarness();
        await using var provider = services.BuildServiceProvider(validateScopes: true);
        var harness = provider.GetRequiredService<ITestHarness>();
        await harness.Start();

        await harness.Bus.Send("ship", new ShipOrder(Guid.NewGuid(), -1));

        Assert.True(await harness.Published.Any<Fault<ShipOrder>>());
        Assert.Empty(harness.Published.Select<MakeInvoice>());
        await using var db = database.Open();
        Assert.Empty(await db.Orders.ToListAsync());
        await harness.Stop();
    }

    [Fact]
    public async Task Harness_in_memory_takes_an_outbox_of_its_own_and_sends_at_once()
    {
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var provider = new ServiceCollection()
            .AddDbContext<OrdersDb>(builder => database.Configure(builder))
            .AddMassTransitTestHarness(x => x.AddSidekiqOutbox<OrdersDb>(outbox => outbox.UseBusOutbox()))
            .BuildServiceProvider(validateScopes: true);
        var harness = provider.GetRequiredService<ITestHarness>();
        await harness.Start();

        await using var scope = provider.CreateAsyncScope();
        Assert.NotNull(scope.ServiceProvider.GetRequiredService<IMessageScheduler>());
        var publisher = scope.ServiceProvider.GetRequiredService<IPublishEndpoint>();
        await publisher.Publish(new MakeInvoice(Guid.NewGuid(), 1));

        Assert.True(await harness.Published.Any<MakeInvoice>());
        await harness.Stop();
    }

    static string Rename(Database kind, string from, string to)
    {
        var quote = kind == Database.MariaDb ? '`' : '"';
        return $"ALTER TABLE {quote}{from}{quote} RENAME TO {quote}{to}{quote}";
    }

    static string[] Said(OutboxHost host) =>
        [.. host.Log.Lines.Where(line => line.Contains("cannot be read, so the outbox", StringComparison.Ordinal))];

    static ServiceCollection Application(TestDatabase database)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(new TestLog()));
        services.AddDbContext<OrdersDb>(builder => database.Configure(builder));
        services.AddMassTransit(x =>
        {
            x.AddConsumer<InvoicingConsumer, InvoicingConsumerDefinition>();
            x.AddSidekiqOutbox<OrdersDb>(outbox => outbox.UseBusOutbox());
            x.UsingSidekiq((context, cfg) => cfg.ConfigureEndpoints(context));
        });

        return services;
    }

    public sealed class BareDb(DbContextOptions<BareDb> options) : DbContext(options);

    sealed class InvoicingConsumer(OrdersDb db, IPublishEndpoint publisher) : IConsumer<ShipOrder>
    {
        public async Task Consume(ConsumeContext<ShipOrder> context)
        {
            db.Add(new Order { Id = context.Message.OrderId, Customer = "Ada" });
            await publisher.Publish(new MakeInvoice(context.Message.OrderId, 1));
            await db.SaveChangesAsync();
            if (context.Message.Step < 0)
            {
                throw new InvalidOperationException("no");
            }
        }
    }

    sealed class InvoicingConsumerDefinition : ConsumerDefinition<InvoicingConsumer>
    {
        public InvoicingConsumerDefinition() => EndpointName = "ship";

        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator,
            IConsumerConfigurator<InvoicingConsumer> consumerConfigurator,
            IRegistrationContext context
        ) => endpointConfigurator.UseSidekiqOutbox<OrdersDb>(context);
    }
}
