using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

/// <summary>
/// The change-over of docs/from-staged-push.md, step by step. The gems are on no feed that the tests have: their tables are made as
/// their migrations make them, real Ruby Sidekiq hands over what they stage, and pushes what they drain.
/// </summary>
public sealed class StagedPushGuideTests : IAsyncLifetime
{
    const string Worker = """
        module Billing
          class InvoiceWorker
            include Sidekiq::Job
            sidekiq_options queue: "billing", retry: 5
          end
        end
        """;

    const string Enqueue = """
        Billing::InvoiceWorker.perform_async(order, total)
        """;

    const string EnqueueLater = """
        Billing::InvoiceWorker.perform_in(3600, order, total)
        """;

    // The item that Sidekiq gives to its client, which is what a staging gem puts into its table.
    const string Capture = """
        TOPLEVEL_BINDING.eval(<<~'CODE')
        WORKER
        CODE
        staged = nil
        Billing::InvoiceWorker.define_singleton_method(:client_push) { |item| staged = item.merge("class" => item["class"].to_s) }
        order, total = ORDER, 59.9
        CALL
        staged
        """;

    RedisDatabase redis = null!;
    TestDatabase database = null!;

    public async ValueTask InitializeAsync()
    {
        redis = await RedisServer.Lease();
        database = await TestDatabase.Lease(Database.Postgres);
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        await redis.DisposeAsync();
    }

    [Fact]
    public async Task Rows_of_staged_push_are_drained_by_both_and_the_last_ones_moved_each_once()
    {
        await Execute(
            """
            CREATE TABLE sidekiq_staged_push_jobs (
              id bigserial PRIMARY KEY, payload json NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL)
            """
        );
        await StageInRuby(1, 3);

        // Step 1: both drain. Step 2: .NET stages what Ruby staged.
        await using var host = await Start();
        await host.InScope(services => services.GetRequiredService<Orders>().Pay(4));
        await StageInRuby(5, 6);
        await DrainInRuby();
        await host.InScope(services => services.GetRequiredService<Orders>().Pay(7));
        await host.Drained();
        Assert.Equal("1, 2, 3, 5, 6", await InRedis("default"));
        Assert.Equal("4, 7", await InRedis("billing"));

        // Step 3: Ruby has stopped, with rows left. A move that one of them stops leaves them all.
        await StageInRuby(8, 9);
        await Stage(10, EnqueueLater);
        await Execute(
            """INSERT INTO sidekiq_staged_push_jobs (payload, created_at, updated_at) VALUES ('{"args":[]}', now(), now())"""
        );
        await Assert.ThrowsAnyAsync<Exception>(() => Move(host));
        await host.Drained();
        Assert.Equal((4L, "4, 7"), (await Rows("sidekiq_staged_push_jobs"), await InRedis("billing")));
        await Execute("DELETE FROM sidekiq_staged_push_jobs WHERE payload::text = '{\"args\":[]}'");
        await Move(host);
        await host.Drained();

        Assert.Equal(0L, await Rows("sidekiq_staged_push_jobs"));
        Assert.Equal("1, 2, 3, 5, 6", await InRedis("default"));
        Assert.Equal("4, 7, 8, 9", await InRedis("billing"));
        Assert.Equal([10], (await redis.ScheduledSet()).Select(entry => Order(entry.Job)));
        await Execute("DROP TABLE sidekiq_staged_push_jobs");
    }

    // The row of reliable_job is there until its job has run: who runs it deletes it.
    [Fact]
    public async Task Job_of_reliable_job_that_NET_runs_takes_its_row_with_it_once()
    {
        await Execute(
            """
            CREATE TABLE reliable_job_outbox (
              id bigserial PRIMARY KEY, jid varchar NOT NULL UNIQUE, job_class varchar NOT NULL, payload json NOT NULL,
              status varchar NOT NULL DEFAULT 'pending', enqueued_at timestamp(6), created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL)
            """
        );
        var job =
            """{"class":"Billing::InvoiceWorker","args":[1,59.9],"queue":"billing","retry":5,"jid":"5e9a1f04c3b7d2806fa1c4e9"}""";
        await Execute(
            "INSERT INTO reliable_job_outbox (jid, job_class, payload, status, created_at, updated_at) "
                + $"VALUES ('5e9a1f04c3b7d2806fa1c4e9', 'Billing::InvoiceWorker', '{job}', 'enqueued', now(), now())"
        );
        await redis.SeedQueue("billing", job, job);

        await using (await Start(x => x.AddConsumer<InvoiceConsumer, InvoiceConsumerDefinition>()))
        {
            await redis.Until(async redis => (await redis.Queue("billing")).Length == 0);
        }

        Assert.Equal(0L, await Rows("reliable_job_outbox"));

        await using var db = database.Open();
        Assert.Equal("1", Assert.Single(await db.Orders.ToListAsync()).Customer);
    }

    static Task Move(OutboxHost host) =>
        host.InScope(async services =>
        {
            var rows = services.GetRequiredService<StagedRows>();
            while (await rows.Move() > 0) { }
        });

    Task<OutboxHost> Start(Action<IBusRegistrationConfigurator>? register = null) =>
        OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Services = services => services.AddScoped<Orders>().AddScoped<StagedRows>(),
                Register = register,
            }
        );

    async Task StageInRuby(int first, int last)
    {
        for (var order = first; order <= last; order++)
        {
            await Stage(order, Enqueue);
        }
    }

    async Task Stage(int order, string call)
    {
        var code = Capture
            .Replace("WORKER", Worker, StringComparison.Ordinal)
            .Replace("ORDER", $"{order}", StringComparison.Ordinal)
            .Replace("CALL", call, StringComparison.Ordinal);
        var item = await Ruby.Eval(redis, code);
        await Execute(
            $"INSERT INTO sidekiq_staged_push_jobs (payload, created_at, updated_at) VALUES ('{item.GetRawText()}', now(), now())"
        );
    }

    // What the gem's thread does: each payload to Sidekiq's client, then the rows go.
    async Task DrainInRuby()
    {
        await using var db = database.Open();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var rows = await db
            .Database.SqlQuery<string>(
                $"SELECT payload::text AS \"Value\" FROM sidekiq_staged_push_jobs ORDER BY id LIMIT 500"
            )
            .ToListAsync();
        foreach (var row in rows)
        {
            await Ruby.Eval(redis, $"Sidekiq::Client.push(JSON.parse(<<~'ITEM'))\n{row}\nITEM");
        }

        await db.Database.ExecuteSqlAsync($"DELETE FROM sidekiq_staged_push_jobs");
        await transaction.CommitAsync();
    }

    // The orders whose jobs are in a queue.
    async Task<string> InRedis(string queue) => string.Join(", ", (await redis.Queue(queue)).Select(Order).Order());

    static int Order(string job) => Job.Parse(job).GetProperty("args")[0].GetInt32();

    async Task Execute(string sql)
    {
        await using var db = database.Open();
        await db.Database.ExecuteSqlRawAsync(
            sql.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal)
        );
    }

    Task<long> Rows(string table) => Application.Ask<long>(database.ConnectionString, $"SELECT count(*) FROM {table}");

    [SidekiqJob("Billing::InvoiceWorker", Queue = "billing", Args = SidekiqArgs.Positional, Retry = 5)]
    public sealed record MakeInvoice(int Order, decimal Total);

    public sealed class Orders(OrdersDb db, IPublishEndpoint bus)
    {
        public async Task Pay(int order)
        {
            db.Orders.Add(new Order { Id = Guid.NewGuid(), Customer = $"{order}" });
            await bus.Publish(new MakeInvoice(order, 59.90m));
            await db.SaveChangesAsync();
        }
    }

    public sealed record StagedRow(long Id, string Payload);

    public sealed class StagedRows(OrdersDb db, IPublishEndpoint bus, IMessageScheduler scheduler)
    {
        // In one transaction rows leave the gem's table and enter the outbox. Returns how many.
        public async Task<int> Move()
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            var rows = await db
                .Database.SqlQuery<StagedRow>(
                    $"""
                    DELETE FROM sidekiq_staged_push_jobs
                    WHERE id IN (SELECT id FROM sidekiq_staged_push_jobs ORDER BY id LIMIT 500)
                    RETURNING id AS "Id", payload::text AS "Payload"
                    """
                )
                .ToListAsync();
            foreach (var row in rows.OrderBy(row => row.Id))
            {
                var job = JsonElement.Parse(row.Payload);
                var message = new MakeInvoice(
                    job.GetProperty("args")[0].GetInt32(),
                    job.GetProperty("args")[1].GetDecimal()
                );
                if (job.TryGetProperty("at", out var at))
                {
                    await scheduler.SchedulePublish(DateTime.UnixEpoch.AddSeconds(at.GetDouble()), message);
                }
                else
                {
                    await bus.Publish(message);
                }
            }

            await db.SaveChangesAsync();
            await transaction.CommitAsync();
            return rows.Count;
        }
    }

    public sealed class InvoiceConsumer(OrdersDb db) : IConsumer<MakeInvoice>
    {
        public async Task Consume(ConsumeContext<MakeInvoice> context)
        {
            db.Orders.Add(new Order { Id = Guid.NewGuid(), Customer = $"{context.Message.Order}" });
            var jid = context.GetJob()!.Jid;
            await db.Database.ExecuteSqlAsync($"DELETE FROM reliable_job_outbox WHERE jid = {jid}");
            await db.SaveChangesAsync();
        }
    }

    public sealed class InvoiceConsumerDefinition : ConsumerDefinition<InvoiceConsumer>
    {
        public InvoiceConsumerDefinition() => EndpointName = "billing";

        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator,
            IConsumerConfigurator<InvoiceConsumer> consumerConfigurator,
            IRegistrationContext context
        ) => endpointConfigurator.UseSidekiqOutbox<OrdersDb>(context);
    }
}
