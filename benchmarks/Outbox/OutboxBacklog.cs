using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// Transactions of one message each that nobody has drained yet.
internal sealed class OutboxBacklog(Lab lab, OutboxDatabase database)
{
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

    // Copies of a transaction that a host has staged, in tables as a busy application leaves them; or, for a sudden one, with
    // the statistics of tables that were empty, and nobody who takes others.
    public async Task Write(int messages, bool isSudden)
    {
        await using (var host = await database.Host(outbox => outbox.DisableRelay()))
        {
            await using var scope = host.Services.CreateAsyncScope();
            await OutboxDatabase.Save(scope.ServiceProvider, messages: 1, lines: 2);
        }

        await using var db = database.Open();
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
            await Analyze();
        }
    }

    public async Task Analyze()
    {
        await using var db = database.Open();
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(5));
        await db.Database.ExecuteSqlRawAsync("""VACUUM ANALYZE "OutboxState", "OutboxMessage" """);
    }

    // Messages a second, from the first tenth of so many in Redis to the last of them.
    public async Task<double> Drain(int hosts, int messages, Figures? figures = null)
    {
        var cost = lab.Cost();
        var running = await Task.WhenAll(Enumerable.Range(0, hosts).Select(_ => database.Host()));
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
    }

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
