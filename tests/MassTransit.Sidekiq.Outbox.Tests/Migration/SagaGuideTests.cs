using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

/// <summary>
/// The change-over of docs/from-efcore-sagas.md, step by step. MassTransit.EntityFrameworkCore is on no feed that the tests have: its
/// table is made as its model maps it, with rows as its repository writes them. The old bus is one in memory.
/// </summary>
public sealed class SagaGuideTests
{
    const int Messages = 10;

    [Fact]
    public async Task Sagas_keep_their_rows_and_take_messages_from_both_transports_at_once()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await PostgresServer.Lease("shop", Create);
        Guid[] orders = [Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid()];

        // Before, and step 1: an old host inserts a row before the column of the token is there, and another one after.
        await Insert(database, orders[0], payments: 5);
        await Execute(database, """ALTER TABLE "OrderState" ADD "Version" integer NOT NULL DEFAULT 0""");
        await Insert(database, orders[1], payments: 7);

        // Step 2: the new host. The third saga begins in it.
        await using (var host = await Host.Start(Both, database, redis))
        {
            await Task.WhenAll(orders.Select(order => Task.WhenAll(Pay<IOldBus>(host, order), Pay<IBus>(host, order))));
            await Until(() => PaymentsAre(database, (orders[0], 25), (orders[1], 27), (orders[2], 20)));
        }

        // Step 3: without the old transport.
        await using (var host = await Host.Start(After, database, redis))
        {
            await Pay<IBus>(host, orders[0]);
            await Until(() => PaymentsAre(database, (orders[0], 35), (orders[1], 27), (orders[2], 20)));
        }

        // And back: the old repository finds what it knows, and inserts beside it.
        await Insert(database, Guid.NewGuid(), payments: 1);
        Assert.Equal(
            4L,
            await Application.Ask<long>(
                database.ConnectionString,
                """SELECT count(*) FROM "OrderState" WHERE "CurrentState" = 'Paying'"""
            )
        );
        Assert.Empty(await redis.RetrySet());
    }

    static void Both(IServiceCollection services, PostgresDatabase database, RedisDatabase redis)
    {
        After(services, database, redis);
        services.AddMassTransit<IOldBus>(x =>
        {
            x.AddSagaStateMachine<OrderMachine, OrderState>().SidekiqOutboxRepository<OrderState, ShopDb>();
            x.UsingInMemory(
                (context, cfg) =>
                    cfg.ReceiveEndpoint(
                        "orders",
                        e =>
                        {
                            e.UseMessageRetry(retry => retry.Immediate(100));
                            e.ConfigureSaga<OrderState>(context);
                        }
                    )
            );
        });
    }

    static void After(IServiceCollection services, PostgresDatabase database, RedisDatabase redis)
    {
        services.AddDbContext<ShopDb>(options => options.UseNpgsql(database.ConnectionString));
        services.AddMassTransit(x =>
        {
            x.AddSagaStateMachine<OrderMachine, OrderState>().SidekiqOutboxRepository<OrderState, ShopDb>();
            x.AddSidekiqOutbox<ShopDb>();
            x.UsingSidekiq(
                (context, cfg) =>
                {
                    cfg.Host(redis.Url);
                    cfg.ReceiveEndpoint(
                        "orders",
                        e =>
                        {
                            e.UseMessageRetry(retry => retry.Immediate(100));
                            e.UseSidekiqOutbox<ShopDb>(context);
                            e.ConfigureSaga<OrderState>(context);
                        }
                    );
                }
            );
        });
    }

    static async Task Pay<TBus>(Host host, Guid order)
        where TBus : class, IBus
    {
        for (var i = 0; i < Messages; i++)
        {
            await host.Services.GetRequiredService<TBus>().Publish(new OrderPaid(order));
        }
    }

    // The outbox's tables, and that of the saga as EntityFrameworkRepository's model has it.
    static async Task Create(string connectionString)
    {
        await using var db = new ShopDb(new DbContextOptionsBuilder<ShopDb>().UseNpgsql(connectionString).Options);
        await db.Database.EnsureCreatedAsync();
        await db.Database.ExecuteSqlRawAsync("""ALTER TABLE "OrderState" DROP COLUMN "Version" """);
    }

    static Task Insert(PostgresDatabase database, Guid order, int payments) =>
        Execute(
            database,
            $"""INSERT INTO "OrderState" ("CorrelationId", "CurrentState", "Payments") VALUES ('{order}', 'Paying', {payments})"""
        );

    static async Task Execute(PostgresDatabase database, string sql)
    {
        await using var db = Open(database);
        await db.Database.ExecuteSqlRawAsync(sql);
    }

    static async Task<bool> PaymentsAre(PostgresDatabase database, params (Guid Order, int Payments)[] expected)
    {
        await using var db = Open(database);
        var found = await db.Set<OrderState>().ToDictionaryAsync(saga => saga.CorrelationId, saga => saga.Payments);
        return expected.All(saga => found.GetValueOrDefault(saga.Order) == saga.Payments);
    }

    static ShopDb Open(PostgresDatabase database) =>
        new(new DbContextOptionsBuilder<ShopDb>().UseNpgsql(database.ConnectionString).Options);

    public interface IOldBus : IBus;

    public sealed record OrderPaid(Guid Order);

    public sealed class OrderState : SagaStateMachineInstance, ISagaVersion
    {
        public Guid CorrelationId { get; set; }

        public string CurrentState { get; set; } = "";

        public int Payments { get; set; }

        public int Version { get; set; }
    }

    public sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<OrderState>().HasKey(state => state.CorrelationId);
            modelBuilder.Entity<OrderState>().Property(state => state.Version).IsConcurrencyToken();
            modelBuilder.AddSidekiqOutbox();
        }
    }

    sealed class OrderMachine : MassTransitStateMachine<OrderState>
    {
        public OrderMachine()
        {
            InstanceState(saga => saga.CurrentState);
            Event(() => Paid, e => e.CorrelateById(x => x.Message.Order));
            Initially(When(Paid).Then(Count).TransitionTo(Paying));
            During(Paying, When(Paid).Then(Count));

            static void Count(BehaviorContext<OrderState> context) => context.Saga.Payments++;
        }

        public State Paying { get; } = null!;

        public Event<OrderPaid> Paid { get; } = null!;
    }

    // A deployed service, until it is disposed.
    sealed class Host(ServiceProvider services) : IAsyncDisposable
    {
        public IServiceProvider Services => services;

        public static async Task<Host> Start(
            Action<IServiceCollection, PostgresDatabase, RedisDatabase> deployed,
            PostgresDatabase database,
            RedisDatabase redis
        )
        {
            var services = new ServiceCollection();
            services.AddLogging();
            deployed(services, database, redis);
            var provider = services.BuildServiceProvider(validateScopes: true);
            await provider.GetRequiredService<IBusDepot>().Start(TestContext.Current.CancellationToken).InTime();
            return new Host(provider);
        }

        public async ValueTask DisposeAsync()
        {
            await services.GetRequiredService<IBusDepot>().Stop(Eventually.Guard);
            await services.DisposeAsync();
        }
    }
}
