using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

// MassTransit's own outbox on the same tables, before ours or beside it.
public class OfficialTests
{
    const string ShipUrn = "urn:message:MassTransit.Sidekiq.Outbox.Tests.Contracts:ShipOrder";
    const string InvoiceUrn = "urn:message:MassTransit.Sidekiq.Outbox.Tests.Contracts:MakeInvoice";
    const string ReportUrn = "urn:message:MassTransit.Sidekiq.Outbox.Tests:OfficialTests+MakeReport";

    [Fact]
    public async Task Row_it_staged_becomes_the_job_of_the_contract()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using (var db = database.Open())
        {
            OfficialRow.Stage(db, ShipUrn, "shipping", """{"orderId":"9f0c","step":7}""");
            await db.SaveChangesAsync();
        }

        await using var host = await OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Bus = (_, cfg) =>
                    cfg.Job<ShipOrder>(job =>
                    {
                        job.Class("Ship::Worker");
                        job.Args(SidekiqArgs.Positional);
                        job.Retry(3);
                        job.Tags("blue");
                    }),
            }
        );
        await host.Drained();

        var job = Assert.Single(await redis.Jobs("shipping"));
        Assert.Equal("Ship::Worker", job.Class());
        Assert.Equal("""["9f0c",7]""", job.GetProperty("args").GetRawText());
        Assert.Equal(3, job.GetProperty("retry").GetInt32());
        Assert.Equal("""["blue"]""", job.GetProperty("tags").GetRawText());
    }

    // Nobody has sent or consumed the type in this process: its attribute alone says what it is.
    [Fact]
    public async Task Published_row_reaches_the_queue_of_a_contract_that_only_an_attribute_tells()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using (var db = database.Open())
        {
            OfficialRow.Stage(db, ReportUrn, "some:topic?type=topic", """{"year":2026,"title":"All"}""");
            await db.SaveChangesAsync();
        }

        await using var host = await OutboxHost.Start(database, redis.Url);
        await host.Drained();

        var job = Assert.Single(await redis.Jobs("reports"));
        Assert.Equal("Reports::Worker", job.Class());
        Assert.Equal("""[2026,"All"]""", job.GetProperty("args").GetRawText());
        Assert.False(job.GetProperty("retry").GetBoolean());
    }

    // Its host has RabbitMQ still; the row names an exchange there.
    [Fact]
    public async Task Row_that_was_staged_for_RabbitMQ_goes_to_the_topic_or_queue_of_that_name()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using (var db = database.Open())
        {
            var published = OfficialRow.Stage(
                db,
                ShipUrn,
                "",
                $$$"""{"messageType":["{{{ShipUrn}}}"],"message":{"step":1},"headers":{}}""",
                "application/vnd.masstransit+json"
            );
            published.Properties = """{"RMQ-Exchange":"MassTransit.Sidekiq.Outbox.Tests.Contracts:ShipOrder"}""";
            published.DestinationAddress = new Uri(
                "rabbitmq://localhost:5672/shop/MassTransit.Sidekiq.Outbox.Tests.Contracts:ShipOrder"
            );
            var sent = OfficialRow.Stage(db, ShipUrn, "", """{"step":2}""");
            sent.DestinationAddress = new Uri("rabbitmq://localhost/orders?bind=true&queue=orders");
            var response = OfficialRow.Stage(db, ShipUrn, "", """{"step":3}""");
            response.DestinationAddress = new Uri("rabbitmq://localhost/host_bus_1?temporary=true");
            await db.SaveChangesAsync();
        }

        var counted = new Counted();
        await using var host = await Consuming(database, redis, counted);
        await host.Drained();
        await Until(() => counted.Times == 1);

        Assert.Equal(2, Assert.Single(await redis.Jobs("orders")).Step());
        await using var after = database.Open();
        Assert.Contains(
            "temporary=true",
            (await after.Set<OutboxFault>().SingleAsync()).DestinationAddress!,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Row_that_it_scheduled_can_be_cancelled()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        var token = Guid.NewGuid();
        await using (var db = database.Open())
        {
            var row = OfficialRow.Stage(db, InvoiceUrn, "billing", """{"total":1}""");
            row.EnqueueTime = DateTime.UtcNow.AddHours(1);
            row.Headers = $$"""{"MT-Scheduling-TokenId":"{{token}}"}""";
            await db.SaveChangesAsync();
        }

        await using var host = await OutboxHost.Start(database, redis.Url);
        await host.Drained();
        Assert.Equal("Billing::InvoiceWorker", Job.Parse(Assert.Single(await redis.ScheduledSet()).Job).Class());

        await using var scope = host.Services.CreateAsyncScope();
        await scope
            .ServiceProvider.GetRequiredService<IMessageScheduler>()
            .CancelScheduledSend(new Uri("queue:billing"), token);
        await scope.ServiceProvider.GetRequiredService<OrdersDb>().SaveChangesAsync();
        await host.Drained();
        Assert.Empty(await redis.ScheduledSet());
    }

    // Its cleaning forgets what was delivered 30 minutes ago.
    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite)]
    public async Task Its_cleaning_leaves_our_notes_until_their_own_end(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        var counted = new Counted();
        await using var host = await Consuming(database, redis, counted);
        await redis.SeedQueue("count", Counting);
        await Until(() => counted.Times == 1);
        var consumed = DateTime.UtcNow;
        await using var db = database.Open();
        await Until(async () => await db.Set<InboxState>().AnyAsync());

        // What its service does, a day later.
        var cleaning = consumed.AddDays(1) - TimeSpan.FromMinutes(30);
        await db.Set<InboxState>().Where(row => row.Delivered != null && row.Delivered < cleaning).ExecuteDeleteAsync();
        await redis.SeedQueue("count", Counting);
        await redis.Until(async redis => (await redis.Queue("count")).Length == 0);
        await redis.SeedQueue("count", Counting.Replace("6a53", "7b64", StringComparison.Ordinal));
        await Until(async () => await db.Set<InboxState>().CountAsync() == 2);
        Assert.Equal(2, counted.Times);

        var store = host.Services.GetRequiredService<OutboxStore<OrdersDb>>();
        Assert.Equal(0, await Forget(store, consumed.AddDays(20)));
        Assert.Equal(2, await Forget(store, consumed.AddDays(22)));
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite)]
    public async Task Our_cleaning_leaves_its_notes_for_as_long_as_ours(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        var delivered = DateTime.UtcNow;
        await using (var db = database.Open())
        {
            db.Add(
                new InboxState
                {
                    MessageId = Guid.NewGuid(),
                    ConsumerId = Guid.NewGuid(),
                    LockId = Guid.NewGuid(),
                    Received = delivered,
                    Consumed = delivered,
                    Delivered = delivered,
                }
            );
            await db.SaveChangesAsync();
        }

        await using var host = await OutboxHost.Start(database, redis.Url);
        var store = host.Services.GetRequiredService<OutboxStore<OrdersDb>>();

        Assert.Equal(0, await Forget(store, delivered.AddDays(20)));
        Assert.Equal(1, await Forget(store, delivered.AddDays(22)));
    }

    static string Counting => """{"class":"Count","args":[{"step":1}],"jid":"6a53acef47bc238203ae6a7e"}""";

    static Task<int> Forget(OutboxStore<OrdersDb> store, DateTime now) =>
        store.ForgetInbox(now, now.AddDays(-21), 1000, TestContext.Current.CancellationToken);

    static Task<OutboxHost> Consuming(TestDatabase database, RedisDatabase redis, Counted counted) =>
        OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Register = x =>
                {
                    x.AddSingleton(counted);
                    x.AddConsumer<Counter>();
                },
                Bus = (context, cfg) =>
                {
                    cfg.Job<ShipOrder>(job => job.Class("Count"));
                    cfg.ReceiveEndpoint(
                        "count",
                        endpoint =>
                        {
                            endpoint.ConcurrentMessageLimit = 1;
                            endpoint.UseSidekiqOutbox<OrdersDb>(context);
                            endpoint.ConfigureConsumer<Counter>(context);
                        }
                    );
                },
            }
        );

    [SidekiqJob("Reports::Worker", Queue = "reports", Args = SidekiqArgs.Positional, Retry = false)]
    public sealed record MakeReport(int Year, string Title);

    public sealed class Counted
    {
        int times;

        public int Times => Volatile.Read(ref times);

        public void Note() => Interlocked.Increment(ref times);
    }

    public sealed class Counter(Counted counted) : IConsumer<ShipOrder>
    {
        public Task Consume(ConsumeContext<ShipOrder> context)
        {
            counted.Note();
            return Task.CompletedTask;
        }
    }
}
