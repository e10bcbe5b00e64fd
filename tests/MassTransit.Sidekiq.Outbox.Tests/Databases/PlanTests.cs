using System.Data.Common;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

// A burst finds the statistics of an empty table, which is what an outbox is most of its life. What is asked often must not
// read the backlog for it; how much is read is counted, and not the time.
public partial class PlanTests
{
    const int Backlog = 60_000;

    // Its statistics are taken where a few rows have come and gone.
    const string Empty = """
        ALTER TABLE "OutboxState" SET (autovacuum_enabled = off);
        ALTER TABLE "OutboxMessage" SET (autovacuum_enabled = off);
        ALTER TABLE "OutboxFault" SET (autovacuum_enabled = off);
        INSERT INTO "OutboxState" SELECT gen_random_uuid(), gen_random_uuid(), NULL, now(), NULL, NULL FROM generate_series(1, 100);
        INSERT INTO "OutboxMessage" ("SentTime", "OutboxId", "MessageId", "ContentType", "MessageType", "Body")
          SELECT now(), "OutboxId", gen_random_uuid(), 'application/json', 'urn', 'body' FROM "OutboxState";
        DELETE FROM "OutboxMessage";
        DELETE FROM "OutboxState";
        ANALYZE;
        """;

    // So many transactions, with so many messages each.
    const string Burst = """
        INSERT INTO "OutboxState" SELECT gen_random_uuid(), gen_random_uuid(), NULL, now() + i * interval '1 ms', NULL, NULL
          FROM generate_series(1, {0}) i;
        INSERT INTO "OutboxMessage" ("SentTime", "OutboxId", "MessageId", "ContentType", "MessageType", "Body")
          SELECT now(), "OutboxId", gen_random_uuid(), 'application/json', 'urn', 'body'
          FROM "OutboxState", generate_series(1, {1}) ORDER BY "Created";
        INSERT INTO "OutboxFault" ("MessageId", "MessageType", "Attempts", "FaultedAt", "ErrorType", "Error", "Message")
          SELECT gen_random_uuid(), '', 1, now(), '', '', '' FROM generate_series(1, {0} * {1});
        """;

    // So many jobs that are open, so many that are dead, and so many messages that were consumed.
    const string Kept = """
        INSERT INTO "OutboxLedger" ("Jid", "MessageId", "Queue", "Job", "SentAt", "NextLook", "PushedAgain", "Epoch", "DiedAt")
          SELECT 'open' || i, gen_random_uuid(), '', '', now(), now(), 0, '', NULL FROM generate_series(1, {0}) i
          UNION ALL SELECT 'dead' || i, gen_random_uuid(), '', '', now(), NULL, 0, '', now() FROM generate_series(1, {0}) i;
        INSERT INTO "InboxState" ("MessageId", "ConsumerId", "LockId", "Received", "ReceiveCount")
          SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), now(), 1 FROM generate_series(1, {0});
        """;

    [Theory, InlineData(Backlog, 1), InlineData(1, Backlog), InlineData(Backlog / 20, 20)]
    public async Task Batch_reads_no_more_than_itself_whatever_the_statistics_say(int transactions, int messages)
    {
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var context = database.Open();
        await Fill(context, transactions, messages);
        var statements = new OutboxStatements(OutboxDialect.Postgres, context.Model);

        await context.Database.OpenConnectionAsync();
        await using var transaction = await context.Database.GetDbConnection().BeginTransactionAsync();

        // As for a backlog of millions, which the planner takes for more work than it is.
        await context.Database.UseTransactionAsync(transaction);
        await context.Database.ExecuteSqlRawAsync("SET LOCAL jit_above_cost = 0");
        var claim = await Explain(
            transaction,
            statements
                .Claim.Replace("@transactions", "1000", StringComparison.Ordinal)
                .Replace("@take", "1000", StringComparison.Ordinal)
        );
        var part = await Explain(
            transaction,
            statements
                .DeleteSent.Split("; ")[0]
                .Replace("@outbox", """(SELECT "OutboxId" FROM "OutboxState" LIMIT 1)""", StringComparison.Ordinal)
                .Replace("@first", "5", StringComparison.Ordinal)
                .Replace("@count", "10", StringComparison.Ordinal)
        );
        var (delete, removed) = await Removal(context, transaction, statements, Math.Max(1, 1000 / messages));
        var forget = await Explain(
            transaction,
            statements
                .ForgetInbox.Replace("@take", "1000", StringComparison.Ordinal)
                .Replace("@now", "now()", StringComparison.Ordinal)
                .Replace("@before", "now()", StringComparison.Ordinal)
        );

        Assert.DoesNotContain("Seq Scan", claim.Nodes.Concat(part.Nodes).Concat(delete.Nodes).Concat(forget.Nodes));
        Assert.InRange(part.Buffers, 1, 100);
        Assert.InRange(claim.MostRows, 1, 1000);

        // A row of each table, and the index that leads there.
        Assert.InRange(claim.Buffers, 1, 1000 * 8);

        // Where it is, and where it was read to be removed.
        Assert.InRange(delete.MostRows, 1, removed);
        Assert.InRange(delete.Buffers, 1, removed * 3);

        Assert.DoesNotContain(true, new[] { claim, part, delete, forget }.Select(plan => plan.IsCompiled));
    }

    [Fact]
    public async Task Health_probe_reads_no_more_than_it_tells()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using (var context = database.Open())
        {
            await Fill(context, Backlog, 1);
        }

        var seen = new Seen();
        await using var provider = new ServiceCollection()
            .AddDbContext<OrdersDb>(builder =>
            {
                database.Configure(builder);
                builder.AddInterceptors(seen);
            })
            .BuildServiceProvider(validateScopes: true);
        var inspector = new OutboxInspector<OrdersDb>(
            provider.GetRequiredService<IServiceScopeFactory>(),
            new OutboxSignal<OrdersDb>(),
            new OutboxSettings<OrdersDb>(new SidekiqOutboxOptions())
        );

        var glance = await inspector.Glance(1000, TestContext.Current.CancellationToken);
        Assert.Equal((1000, 1000), (glance.Pending, glance.SetAside));
        Assert.Equal(Backlog, (await inspector.Count(TestContext.Current.CancellationToken)).Pending);

        await using var db = database.Open();
        await db.Database.OpenConnectionAsync();
        await using var transaction = await db.Database.GetDbConnection().BeginTransactionAsync();
        var probe = seen.Statements.Take(4).ToList();
        Assert.Equal(OutboxDialect.Postgres.IndexesOnly, probe[0]);
        foreach (var statement in probe[1..])
        {
            var text = statement
                .Replace("@p", "1000", StringComparison.Ordinal)
                .Replace("@most", "1000", StringComparison.Ordinal);
            var plan = await Explain(transaction, $"{probe[0]}; {text}");
            Assert.DoesNotContain("Seq Scan", plan.Nodes);
            Assert.InRange(plan.MostRows, 0, 1000);
        }
    }

    [Fact]
    public async Task Page_of_an_outbox_reads_no_more_than_it_shows()
    {
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using (var context = database.Open())
        {
            await Fill(context, Backlog, 1);
            await context.Database.ExecuteSqlRawAsync(Kept, Backlog);
        }

        var seen = new Seen();
        await using var provider = new ServiceCollection()
            .AddLogging()
            .AddDbContext<OrdersDb>(builder =>
            {
                database.Configure(builder);
                builder.AddInterceptors(seen);
            })
            .AddMassTransit(x =>
            {
                x.AddSidekiqOutbox<OrdersDb>(outbox => outbox.KeepUntilCompleted());
                x.UsingSidekiq();
            })
            .BuildServiceProvider(validateScopes: true);
        var outbox = provider.GetRequiredService<ISidekiqOutbox>();

        var state = await outbox.State(1000, TestContext.Current.CancellationToken);
        Assert.Equal((1000, 1000, 1000), (state.Pending, state.SetAside, state.Inbox));
        Assert.Equal((1000, 1000), (state.Open!.Count, state.Dead!.Count));
        var page = await outbox.SetAside(1000, Backlog / 2, TestContext.Current.CancellationToken);
        Assert.Equal(Backlog / 2 - 1, page[0].Id);
        await outbox.Find(page[0].Id, TestContext.Current.CancellationToken);

        await using var db = database.Open();
        await db.Database.OpenConnectionAsync();
        await using var transaction = await db.Database.GetDbConnection().BeginTransactionAsync();
        var reads = seen.Statements.Where(statement => statement != OutboxDialect.Postgres.IndexesOnly).ToList();
        Assert.Equal(8, reads.Count);
        foreach (var statement in reads)
        {
            var text = Parameter()
                .Replace(statement, match => match.Value is "@p" or "@most" ? "1000" : $"{Backlog / 2}");
            var plan = await Explain(transaction, $"{OutboxDialect.Postgres.IndexesOnly}; {text}");
            Assert.DoesNotContain("Seq Scan", plan.Nodes);
            Assert.DoesNotContain("Sort", plan.Nodes);
            Assert.True(plan.MostRows <= 1000, $"{statement}: {plan.MostRows} rows by {string.Join(", ", plan.Nodes)}");
        }
    }

    [GeneratedRegex(@"@\w+")]
    private static partial Regex Parameter();

    // How up to a thousand messages of the oldest transactions are removed, and how many those are.
    static async Task<(Plan Plan, int Messages)> Removal(
        OrdersDb context,
        DbTransaction transaction,
        OutboxStatements statements,
        int transactions
    )
    {
        var batch = context.Set<OutboxState>().OrderBy(row => row.Created).Take(transactions);
        var ids = await batch.Select(row => row.OutboxId).ToArrayAsync();
        var places = await context
            .Database.SqlQuery<string>(
                $"""SELECT CAST(ctid AS text) AS "Value" FROM "OutboxMessage" WHERE "OutboxId" = ANY ({ids}) LIMIT 1000"""
            )
            .ToListAsync();
        var plan = await Explain(
            transaction,
            statements
                .Delete.Split("; ")[0]
                .Replace("@ids", $"CAST('{{{string.Join(',', ids)}}}' AS uuid[])", StringComparison.Ordinal)
                .Replace("@places", $"'{{{Quoted(places)}}}'", StringComparison.Ordinal)
        );

        return (plan, places.Count);
    }

    static string Quoted(IEnumerable<string> places) => string.Join(',', places.Select(place => $"\"{place}\""));

    static async Task Fill(OrdersDb context, int transactions, int messages)
    {
        context.Database.SetCommandTimeout(TimeSpan.FromMinutes(2));
        await context.Database.ExecuteSqlRawAsync(Empty);
        await context.Database.ExecuteSqlRawAsync(Burst, transactions, messages);
    }

    static async Task<Plan> Explain(DbTransaction transaction, string statement)
    {
        var parts = statement.Split("; ");
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = string.Join(
            "; ",
            [.. parts[..^1], $"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {parts[^1]}"]
        );
        var json = (string)(await command.ExecuteScalarAsync())!;

        return new Plan(JsonDocument.Parse(json).RootElement[0]);
    }

    sealed class Plan(JsonElement explained)
    {
        readonly JsonElement root = explained.GetProperty("Plan");

        public bool IsCompiled => explained.TryGetProperty("JIT", out _);

        public IEnumerable<string> Nodes => All(root).Select(node => node.GetProperty("Node Type").GetString()!);

        // That one node gave in all.
        public double MostRows =>
            All(root)
                .Max(node =>
                    node.GetProperty("Actual Rows").GetDouble() * node.GetProperty("Actual Loops").GetDouble()
                );

        public long Buffers =>
            root.GetProperty("Shared Hit Blocks").GetInt64() + root.GetProperty("Shared Read Blocks").GetInt64();

        static IEnumerable<JsonElement> All(JsonElement node) =>
            node.TryGetProperty("Plans", out var plans) ? plans.EnumerateArray().SelectMany(All).Prepend(node) : [node];
    }

    sealed class Seen : DbCommandInterceptor
    {
        public List<string> Statements { get; } = [];

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command,
            CommandEventData eventData,
            InterceptionResult<DbDataReader> result,
            CancellationToken cancellationToken = default
        )
        {
            Statements.Add(command.CommandText);
            return ValueTask.FromResult(result);
        }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command,
            CommandEventData eventData,
            InterceptionResult<int> result,
            CancellationToken cancellationToken = default
        )
        {
            Statements.Add(command.CommandText);
            return ValueTask.FromResult(result);
        }
    }
}
