using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq.Outbox.Tests;

// What an application has agreed on for its own model is not to reach ours, and however its contexts are made, they stage.
public class ConventionTests
{
    [Theory]
    [InlineData(typeof(GuidsAsText), Database.Postgres)]
    [InlineData(typeof(GuidsAsText), Database.Sqlite)]
    [InlineData(typeof(GuidsAsText), Database.MariaDb)]
    [InlineData(typeof(GuidsAsBytes), Database.Postgres)]
    [InlineData(typeof(GuidsAsBytes), Database.Sqlite)]
    [InlineData(typeof(ShortTexts), Database.Postgres)]
    [InlineData(typeof(ShortTexts), Database.MariaDb)]
    [InlineData(typeof(TimesAsNumbers), Database.Postgres)]
    [InlineData(typeof(TimesAsNumbers), Database.Sqlite)]
    [InlineData(typeof(TimesWithoutZone), Database.Postgres)]
    [InlineData(typeof(TimesInUtc), Database.Postgres)]
    [InlineData(typeof(AddressesAsBytes), Database.Postgres)]
    [InlineData(typeof(NothingFoundByItself), Database.Postgres)]
    [InlineData(typeof(NothingRequired), Database.Sqlite)]
    [InlineData(typeof(ASchemaOfItsOwn), Database.Postgres)]
    [InlineData(typeof(ASchemaForAll), Database.Postgres)]
    [InlineData(typeof(EntitiesThatTell), Database.Sqlite)]
    public Task Model_of_the_application_does_not_reach_the_outbox(Type agreement, Database kind) =>
        Check(agreement, kind, How.Scoped);

    [Theory]
    [InlineData(How.LazyLoading, Database.Postgres)]
    [InlineData(How.LazyLoading, Database.Sqlite)]
    [InlineData(How.LazyLoading, Database.MariaDb)]
    [InlineData(How.SnakeCase, Database.Postgres)]
    [InlineData(How.SnakeCase, Database.MariaDb)]
    [InlineData(How.Pooled, Database.Postgres)]
    [InlineData(How.Factory, Database.Postgres)]
    [InlineData(How.PooledFactory, Database.Sqlite)]
    [InlineData(How.WithoutTracking, Database.Sqlite)]
    public Task Context_stages_however_it_is_made(How how, Database kind) => Check(typeof(Nothing), kind, how);

    [Fact]
    public Task All_of_it_at_once() => Check(typeof(Everything), Database.Postgres, How.SnakeCaseAndProxies);

    // What is done to the model behind ours is found at the start instead of with the first message.
    [Theory]
    [InlineData(typeof(GuidsAsTextAfterwards), "is converted to String")]
    [InlineData(typeof(ShortTextsAfterwards), "is cut to a length of 100")]
    public async Task Model_that_the_outbox_cannot_work_with_is_refused_at_the_start(Type agreement, string reason)
    {
        var fault = await Assert.ThrowsAsync<ConfigurationException>(() =>
            Check(agreement, Database.Sqlite, How.Scoped)
        );

        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.Contains("at the end of OnModelCreating", fault.Message, StringComparison.Ordinal);
    }

    static Task Check(Type agreement, Database kind, How how) =>
        (Task)
            typeof(ConventionTests)
                .GetMethod(
                    nameof(Works),
                    System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static
                )!
                .MakeGenericMethod(agreement)
                .Invoke(null, [kind, how])!;

    // A message passes through outbox, inbox and outbox again; one that cannot be sent is set aside and released.
    static async Task Works<T>(Database kind, How how)
        where T : Agreement, new()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.StringSetAsync("queue:broken", "not a list");
        await using var database = await EmptyDatabase.Lease(kind);
        var log = new TestLog();
        await using var provider = Services<T>(how, database, redis.Url, log).BuildServiceProvider();
        await using (var scope = provider.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<AgreedDb<T>>().Database.EnsureCreatedAsync();
        }

        var bus = provider.GetRequiredService<IBusControl>();
        await bus.StartAsync();
        try
        {
            await SendAndSave<T>(provider);

            var outbox = provider.GetRequiredService<IOutboxInspector<AgreedDb<T>>>();
            await redis.Until(async redis => (await redis.Queue("shipped")).Length == 1);
            await Until(
                async () => (await outbox.Faults()).Count == 1,
                () => Task.FromResult(string.Join('\n', log.Lines))
            );
            await outbox.WaitUntilDrained(TestContext.Current.CancellationToken).InTime();
            Assert.Equal(1, await outbox.Discard([(await outbox.Faults())[0].Id]));
            Assert.Equal(new OutboxCounts(0, TimeSpan.Zero, 0), await outbox.Count());
        }
        finally
        {
            await bus.StopAsync();
        }
    }

    static async Task SendAndSave<T>(IServiceProvider provider)
        where T : Agreement, new()
    {
        await using var scope = provider.CreateAsyncScope();
        var sender = scope.ServiceProvider.GetRequiredService<ISendEndpointProvider>();
        var text = new string('ö', 300);
        await sender.Send("ship", new ShipOrder(Guid.NewGuid(), 1), context => context.Headers.Set("Text", text));
        await sender.Send("broken", new ShipOrder(Guid.NewGuid(), 2));
        await scope.ServiceProvider.GetRequiredService<AgreedDb<T>>().SaveChangesAsync();
    }

    static ServiceCollection Services<T>(How how, EmptyDatabase database, string redisUrl, TestLog log)
        where T : Agreement, new()
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(log));
        AddContext<T>(services, how, database.Configure);
        services.AddMassTransit(x =>
        {
            x.AddConsumer<Forwarder<T>>();
            x.AddSidekiqOutbox<AgreedDb<T>>(outbox => outbox.UseBusOutbox());
            x.UsingSidekiq(
                (context, cfg) =>
                {
                    cfg.Host(redisUrl);
                    cfg.ReceiveEndpoint(
                        "ship",
                        endpoint =>
                        {
                            endpoint.UseSidekiqOutbox<AgreedDb<T>>(context);
                            endpoint.ConfigureConsumer<Forwarder<T>>(context);
                        }
                    );
                }
            );
        });

        return services;
    }

    static void AddContext<T>(IServiceCollection services, How how, Action<DbContextOptionsBuilder> configure)
        where T : Agreement, new()
    {
        _ = how switch
        {
            How.Pooled => services.AddDbContextPool<AgreedDb<T>>(configure),
            How.Factory => services.AddDbContextFactory<AgreedDb<T>>(configure),
            How.PooledFactory => services.AddPooledDbContextFactory<AgreedDb<T>>(configure),
            How.LazyLoading => services.AddDbContext<AgreedDb<T>>(options =>
                configure(options.UseLazyLoadingProxies())
            ),
            How.SnakeCase => services.AddDbContext<AgreedDb<T>>(options =>
                configure(options.UseSnakeCaseNamingConvention())
            ),
            How.SnakeCaseAndProxies => services.AddDbContext<AgreedDb<T>>(options =>
                configure(options.UseSnakeCaseNamingConvention().UseLazyLoadingProxies())
            ),
            How.WithoutTracking => services.AddDbContext<AgreedDb<T>>(options =>
                configure(options.UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking))
            ),
            _ => services.AddDbContext<AgreedDb<T>>(configure),
        };
    }

    public enum How
    {
        Scoped,
        Pooled,
        Factory,
        PooledFactory,
        LazyLoading,
        SnakeCase,
        SnakeCaseAndProxies,
        WithoutTracking,
    }

    sealed class Forwarder<T>(AgreedDb<T> db) : IConsumer<ShipOrder>
        where T : Agreement, new()
    {
        public Task Consume(ConsumeContext<ShipOrder> context)
        {
            db.Add(new Note { Id = Guid.NewGuid(), At = DateTime.UtcNow });
            return context.Send(new Uri("queue:shipped"), context.Message);
        }
    }
}
