using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// The outbox on PostgreSQL with fsync: what staging adds to a business transaction, how fast a backlog drains, and how
// soon after its commit a message is consumed.
internal sealed class OutboxBenchmark(Lab lab)
{
    const int Writers = 10;

    static readonly Uri address = new("queue:bench");

    public async Task Run(Figures figures)
    {
        await using var postgres = await PostgresServer.StartOwn();
        await using (var db = Orders(postgres))
        {
            await db.Database.EnsureCreatedAsync();
        }

        await Stage(postgres, figures);
        figures.Add("outbox.drained_per_s", await Drain(postgres, hosts: 1, figures), "messages/s");
        figures.Add("outbox.drained_2_hosts_per_s", await Drain(postgres, hosts: 2), "messages/s");
        await Latency(postgres, figures);
        await lab.Redis.Flush();
    }

    // Ten writers, each one transaction after another: an order with two lines, the same with one message and with ten;
    // one row in an explicit transaction, alone and with one message;
    // and a lone row, for which PostgreSQL needs no transaction of its own, so that a message adds one.
    async Task Stage(PostgresServer postgres, Figures figures)
    {
        await using var host = await Host(postgres, outbox => outbox.DisableRelay());
        var business = await lab.Rate("business transaction", Writers, () => Transaction(host, 0));
        var one = await lab.Rate("with 1 message", Writers, () => Transaction(host, 1));
        var ten = await lab.Rate("with 10 messages", Writers, () => Transaction(host, 10));
        var row = await lab.Rate("lone row", Writers, () => Transaction(host, 0, lines: 0));
        var rowAndOne = await lab.Rate("lone row with 1 message", Writers, () => Transaction(host, 1, lines: 0));
        var begun = await lab.Rate("row in a transaction", Writers, () => Begun(host, 0));
        var begunAndOne = await lab.Rate("row in a transaction with 1 message", Writers, () => Begun(host, 1));

        figures.Add("peer.business_tx_per_s", business, "tx/s");
        figures.Add("outbox.staged_1_per_s", one, "tx/s");
        figures.Add("outbox.staged_10_per_s", ten, "tx/s");
        figures.AddRatio("outbox.staged_vs_business", one, business);
        figures.AddRatio("outbox.staged_10_vs_business", ten, business);
        figures.AddRatio("outbox.staged_vs_one_row", begunAndOne, begun);
        figures.AddRatio("outbox.staged_vs_lone_row", rowAndOne, row);
    }

    // A backlog of transactions of one message each: from the first tenth in Redis to the last message.
    async Task<double> Drain(PostgresServer postgres, int hosts, Figures? figures = null)
    {
        var messages = lab.Jobs(60_000);
        await Backlog(postgres, messages);
        var cost = lab.Cost();
        var running = await Task.WhenAll(Enumerable.Range(0, hosts).Select(_ => Host(postgres)));
        var first = await Reached(messages / 10);
        var allocated = GC.GetTotalAllocatedBytes();
        var last = await Reached(messages);
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        figures?.Add("cost.alloc_drained_bytes", (double)allocated / (last.Count - first.Count), "bytes");
        lab.Report($"drained by {hosts}", cost, messages);
        foreach (var host in running)
        {
            await host.DisposeAsync();
        }

        await lab.Redis.Flush();
        return (last.Count - first.Count) / Stopwatch.GetElapsedTime(first.At, last.At).TotalSeconds;

        async Task<(long Count, long At)> Reached(int limit)
        {
            while (true)
            {
                var count = await lab.Db.ListLengthAsync("queue:bench");
                var at = Stopwatch.GetTimestamp();
                if (count >= limit)
                {
                    return (count, at);
                }

                await Task.Delay(5);
            }
        }
    }

    // Copies of a transaction that a host has staged, in tables as a busy application leaves them.
    async Task Backlog(PostgresServer postgres, int messages)
    {
        await using (var host = await Host(postgres, outbox => outbox.DisableRelay()))
        {
            await Transaction(host, 1);
        }

        await using var db = Orders(postgres);
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(2));
        await db.Database.ExecuteSqlRawAsync(
            """
            CREATE TEMP TABLE template AS SELECT * FROM "OutboxMessage" ORDER BY "SequenceNumber" DESC LIMIT 1;
            TRUNCATE "OutboxState", "OutboxMessage";
            INSERT INTO "OutboxState" ("OutboxId", "LockId", "Created")
              SELECT gen_random_uuid(), gen_random_uuid(), now() + i * interval '1 microsecond' FROM generate_series(1, {0}) i;
            INSERT INTO "OutboxMessage" ("SentTime", "Headers", "Properties", "OutboxId", "MessageId", "ContentType",
                "MessageType", "Body", "ConversationId", "SourceAddress", "DestinationAddress")
              SELECT t."SentTime", t."Headers", t."Properties", s."OutboxId", gen_random_uuid(), t."ContentType",
                t."MessageType", t."Body", t."ConversationId", t."SourceAddress", t."DestinationAddress"
              FROM template t, "OutboxState" s ORDER BY s."Created";
            DROP TABLE template;
            """,
            messages
        );
        await db.Database.ExecuteSqlRawAsync("""VACUUM ANALYZE "OutboxState", "OutboxMessage" """);
    }

    // A hundred transactions a second, each with one message to an endpoint of the same process: from the moment at which
    // SaveChanges has returned to the first line of the consumer.
    async Task Latency(PostgresServer postgres, Figures figures)
    {
        const int perSecond = 100;
        var committed = new Committed();
        await using var host = await Host(
            postgres,
            consumer: x => x.AddConsumer<CommittedConsumer>(),
            services: services => services.AddSingleton(committed)
        );
        await Transact(0);
        await committed.Seen(1);

        var count = lab.Jobs(1000);
        var start = Stopwatch.GetTimestamp();
        var transactions = new List<Task>();
        for (var number = 1; number <= count; number++)
        {
            var due = TimeSpan.FromSeconds((double)number / perSecond) - Stopwatch.GetElapsedTime(start);
            if (due > TimeSpan.Zero)
            {
                await Task.Delay(due);
            }

            transactions.Add(Transact(number));
        }

        await Task.WhenAll(transactions);
        await committed.Seen(count + 1);
        var latencies = committed.Latencies(1).Order().ToList();
        figures.Add("outbox.commit_to_consume_p50_ms", latencies[latencies.Count / 2], "ms");
        figures.Add("outbox.commit_to_consume_p99_ms", latencies[latencies.Count * 99 / 100], "ms");

        async Task Transact(int number)
        {
            await using var scope = host.Services.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<BenchDb>();
            db.Add(BenchOrder.Of(lines: 2));
            var endpoint = await scope
                .ServiceProvider.GetRequiredService<ISendEndpointProvider>()
                .GetSendEndpoint(new Uri("queue:Committed"));
            await endpoint.Send(new CommittedJob(number));
            await db.SaveChangesAsync();
            committed.At(number);
        }
    }

    static async Task Transaction(Running host, int messages, int lines = 2)
    {
        await using var scope = host.Services.CreateAsyncScope();
        await Save(scope.ServiceProvider, messages, lines);
    }

    static async Task Begun(Running host, int messages)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BenchDb>();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await Save(scope.ServiceProvider, messages, lines: 0);
        await transaction.CommitAsync();
    }

    static async Task Save(IServiceProvider services, int messages, int lines)
    {
        var db = services.GetRequiredService<BenchDb>();
        db.Add(BenchOrder.Of(lines));
        if (messages > 0)
        {
            var endpoint = await services.GetRequiredService<ISendEndpointProvider>().GetSendEndpoint(address);
            for (var i = 0; i < messages; i++)
            {
                await endpoint.Send(BenchJob.Any);
            }
        }

        await db.SaveChangesAsync();
    }

    Task<Running> Host(
        PostgresServer postgres,
        Action<SidekiqOutboxOptions>? configure = null,
        Action<IBusRegistrationConfigurator>? consumer = null,
        Action<IServiceCollection>? services = null
    ) =>
        Running.Start(
            x =>
            {
                consumer?.Invoke(x);
                x.AddSidekiqOutbox<BenchDb>(outbox =>
                {
                    outbox.UseBusOutbox();
                    configure?.Invoke(outbox);
                });
                x.UsingSidekiq(
                    (context, cfg) =>
                    {
                        cfg.Host(lab.Redis.Url);
                        cfg.ConfigureEndpoints(context);
                    }
                );
            },
            collection =>
            {
                collection.AddDbContext<BenchDb>(options => options.UseNpgsql(postgres.ConnectionString + Database));
                services?.Invoke(collection);
            }
        );

    const string Database = ";Database=bench";

    static BenchDb Orders(PostgresServer postgres) =>
        new(new DbContextOptionsBuilder<BenchDb>().UseNpgsql(postgres.ConnectionString + Database).Options);
}

// The business rows that messages are staged with.
public sealed class BenchOrder
{
    public Guid Id { get; set; }

    public string Customer { get; set; } = "";

    public ICollection<BenchLine> Lines { get; } = [];

    public static BenchOrder Of(int lines)
    {
        var order = new BenchOrder { Id = Guid.NewGuid(), Customer = "Ada" };
        for (var line = 0; line < lines; line++)
        {
            order.Lines.Add(new BenchLine { Article = "Keyboard", Quantity = line });
        }

        return order;
    }
}

public sealed class BenchLine
{
    public long Id { get; set; }

    public string Article { get; set; } = "";

    public int Quantity { get; set; }
}

public sealed class BenchDb(DbContextOptions<BenchDb> options) : DbContext(options)
{
    public DbSet<BenchOrder> Orders => Set<BenchOrder>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddSidekiqOutbox();
}

public sealed record CommittedJob(int Number);

// When each message was committed, and when it was consumed.
internal sealed class Committed
{
    readonly ConcurrentDictionary<int, long> committed = new();
    readonly ConcurrentDictionary<int, long> consumed = new();

    public void At(int number) => committed[number] = Stopwatch.GetTimestamp();

    public void Consumed(int number) => consumed[number] = Stopwatch.GetTimestamp();

    public Task Seen(int count) => Lab.Until(() => consumed.Count >= count);

    // In milliseconds; none for a message that was consumed before SaveChanges returned.
    public IEnumerable<double> Latencies(int first) =>
        consumed
            .Where(job => job.Key >= first)
            .Select(job => Math.Max(0, Stopwatch.GetElapsedTime(committed[job.Key], job.Value).TotalMilliseconds));
}

internal sealed class CommittedConsumer(Committed committed) : IConsumer<CommittedJob>
{
    public Task Consume(ConsumeContext<CommittedJob> context)
    {
        committed.Consumed(context.Message.Number);
        return Task.CompletedTask;
    }
}
