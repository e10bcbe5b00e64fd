using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// The outbox on PostgreSQL with fsync: what staging adds to a business transaction, how fast a backlog drains, and how
// soon after its commit a message is consumed.
internal sealed class OutboxBenchmark(Lab lab) : IAsyncDisposable
{
    const int Writers = 10;
    const int Turns = 4;

    static readonly Uri address = new("queue:bench");

    PostgresServer? sudden;

    public async Task Run(Figures figures)
    {
        await using var postgres = await Server();
        await Stage(postgres, figures);
        await Drain(postgres, figures);
        await Latency(postgres, figures);
        await lab.Redis.Flush();
    }

    // Ten writers, each one transaction after another: an order with two lines, the same with one message and with ten;
    // one row in an explicit transaction, alone and with one message;
    // and a lone row, for which PostgreSQL needs no transaction of its own, so that a message adds one. In turns, since the disk
    // is faster at one moment than at the next.
    async Task Stage(PostgresServer postgres, Figures figures)
    {
        await using var host = await Host(postgres, outbox => outbox.DisableRelay());
        (string What, Func<Task> Step)[] steps =
        [
            ("business transaction", () => Transaction(host, 0)),
            ("with 1 message", () => Transaction(host, 1)),
            ("with 10 messages", () => Transaction(host, 10)),
            ("lone row", () => Transaction(host, 0, lines: 0)),
            ("lone row with 1 message", () => Transaction(host, 1, lines: 0)),
            ("row in a transaction", () => Begun(host, 0)),
            ("row in a transaction with 1 message", () => Begun(host, 1)),
        ];
        var rates = new double[steps.Length];
        for (var turn = 0; turn < Turns; turn++)
        {
            foreach (var (number, (what, step)) in steps.Index())
            {
                rates[number] += await lab.Rate(what, Writers, step, lab.Span / Turns) / Turns;
            }
        }

        var (business, one, ten) = (rates[0], rates[1], rates[2]);
        figures.Add("peer.business_tx_per_s", business, "tx/s");
        figures.Add("outbox.staged_1_per_s", one, "tx/s");
        figures.Add("outbox.staged_10_per_s", ten, "tx/s");
        figures.AddRatio("outbox.staged_vs_business", one, business);
        figures.AddRatio("outbox.staged_10_vs_business", ten, business);
        figures.AddRatio("outbox.staged_vs_one_row", rates[6], rates[5]);
        figures.AddRatio("outbox.staged_vs_lone_row", rates[4], rates[3]);
    }

    public async ValueTask DisposeAsync() => await (sudden?.DisposeAsync() ?? ValueTask.CompletedTask);

    // Backlogs of transactions of one message each, drained by one host and by two; and the next part of a sudden one, which
    // takes long to write and is there for all rounds.
    async Task Drain(PostgresServer postgres, Figures figures)
    {
        var messages = lab.Jobs(60_000);
        await Backlog(postgres, messages, isSudden: false);
        var one = await Drain(postgres, 1, messages, figures);
        await Backlog(postgres, messages, isSudden: false);
        var two = await Drain(postgres, 2, messages);
        figures.Add("outbox.drained_per_s", one, "messages/s");
        figures.Add("outbox.drained_2_hosts_per_s", two, "messages/s");
        figures.AddRatio("outbox.drained_2_hosts_vs_1", two, one);

        if (sudden is null)
        {
            sudden = await Server();
            await Backlog(sudden, lab.Jobs(1_000_000), isSudden: true);
        }

        figures.Add("outbox.drained_backlog_per_s", await Drain(sudden, 1, messages), "messages/s");
    }

    static async Task<PostgresServer> Server()
    {
        var postgres = await PostgresServer.StartOwn();
        await using var db = Orders(postgres);
        await db.Database.EnsureCreatedAsync();
        return postgres;
    }

    // From the first tenth of them in Redis to the last.
    async Task<double> Drain(PostgresServer postgres, int hosts, int messages, Figures? figures = null)
    {
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

    // Copies of a transaction that a host has staged, in tables as a busy application leaves them; or, for a sudden one, with
    // the statistics of tables that were empty, and nobody who takes others.
    async Task Backlog(PostgresServer postgres, int messages, bool isSudden)
    {
        await using (var host = await Host(postgres, outbox => outbox.DisableRelay()))
        {
            await Transaction(host, 1);
        }

        await using var db = Orders(postgres);
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(5));
        await db.Database.ExecuteSqlRawAsync(isSudden ? WithoutStatistics : WithStatistics);
        await db.Database.ExecuteSqlRawAsync(
            """
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
        if (!isSudden)
        {
            await db.Database.ExecuteSqlRawAsync("""VACUUM ANALYZE "OutboxState", "OutboxMessage" """);
        }
    }

    // The last message is the template of all.
    const string Emptied = """
        CREATE TABLE template AS SELECT * FROM "OutboxMessage" ORDER BY "SequenceNumber" DESC LIMIT 1;
        TRUNCATE "OutboxState", "OutboxMessage";
        """;

    const string WithStatistics = $"""
        {Emptied}
        ALTER TABLE "OutboxState" RESET (autovacuum_enabled);
        ALTER TABLE "OutboxMessage" RESET (autovacuum_enabled);
        """;

    const string WithoutStatistics = $"""
        {Emptied}
        ALTER TABLE "OutboxState" SET (autovacuum_enabled = off);
        ALTER TABLE "OutboxMessage" SET (autovacuum_enabled = off);
        ANALYZE "OutboxState", "OutboxMessage";
        """;

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
