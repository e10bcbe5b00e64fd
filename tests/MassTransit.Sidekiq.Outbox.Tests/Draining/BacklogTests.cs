using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq.Outbox.Tests;

[Collection(nameof(Alone))]
public class BacklogTests
{
    const int Messages = 100_000;
    const int Poisonous = 50;
    const int Hosts = 10;

    // One message of every 2,000 goes to a key that is no list.
    const string Fill = """
        CREATE TEMP TABLE template AS SELECT * FROM "OutboxMessage";
        DELETE FROM "OutboxMessage";
        DELETE FROM "OutboxState";
        INSERT INTO "OutboxState" ("OutboxId", "LockId", "Created")
          SELECT gen_random_uuid(), gen_random_uuid(), now() + i * interval '1 microsecond' FROM generate_series(1, {0}) i;
        INSERT INTO "OutboxMessage" ("SentTime", "Headers", "Properties", "OutboxId", "MessageId", "ContentType",
            "MessageType", "Body", "SourceAddress", "DestinationAddress")
          SELECT t."SentTime", t."Headers", t."Properties", s."OutboxId", gen_random_uuid(), t."ContentType",
            t."MessageType", t."Body", t."SourceAddress", t."DestinationAddress"
          FROM (SELECT *, row_number() OVER (ORDER BY "Created") AS place FROM "OutboxState") s
          JOIN template t ON t."DestinationAddress" LIKE CASE WHEN s.place % {1} = 0 THEN '%/broken' ELSE '%/shipping' END;
        DROP TABLE template;
        """;

    [Fact]
    public async Task Ten_hosts_drain_a_hundred_thousand_messages_once_without_conflicts_or_idle_turns()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.StringSetAsync("queue:broken", "not a list");
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await Seed(database, redis);
        var transactions = await Transactions(database);

        var hosts = await Task.WhenAll(
            Enumerable
                .Range(0, Hosts)
                .Select(_ => OutboxHost.Start(database, redis.Url, new OutboxHostOptions { Quiet = true }))
        );
        for (var sent = 0L; sent < Messages - Poisonous; )
        {
            var before = sent;
            await Until(async () => (sent = await redis.Db.ListLengthAsync("queue:shipping")) > before);
        }

        await hosts[0].Drained();
        var faults = await hosts[0].Outbox.Faults(limit: 100);
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }

        Assert.Equal(Poisonous, faults.Count);
        Assert.Equal(Messages - Poisonous, await redis.Db.ListLengthAsync("queue:shipping"));
        Assert.Equal(
            Messages - Poisonous,
            (await redis.Jobs("shipping")).Select(job => job.Jid()).Distinct(StringComparer.Ordinal).Count()
        );
        Assert.DoesNotContain(
            hosts.SelectMany(host => host.Log.Lines),
            line => line.Contains("40001", StringComparison.Ordinal)
        );

        // A hundred batches, what the hosts ask at start and until somebody else has finished, and the questions above.
        Assert.InRange(await Transactions(database) - transactions, Messages / 1000, 3000);
    }

    static async Task Seed(TestDatabase database, RedisDatabase redis)
    {
        await using (
            var stager = await OutboxHost.Start(
                database,
                redis.Url,
                new OutboxHostOptions { Outbox = outbox => outbox.DisableRelay() }
            )
        )
        {
            await stager.InScope(
                async (db, _, sender) =>
                {
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                    await sender.Send("broken", new ShipOrder(Guid.NewGuid(), 2));
                    await db.SaveChangesAsync();
                }
            );
        }

        await using var context = database.Open();
        context.Database.SetCommandTimeout(TimeSpan.FromMinutes(2));
        await context.Database.ExecuteSqlRawAsync(Fill, Messages, Messages / Poisonous);
        await context.Database.ExecuteSqlRawAsync("""ANALYZE "OutboxState", "OutboxMessage" """);
    }

    // All that have ended, committed or not; a connection tells of its own when it is closed or has been idle for a second.
    static async Task<long> Transactions(TestDatabase database)
    {
        await using var pool = new Npgsql.NpgsqlConnection(database.ConnectionString);
        Npgsql.NpgsqlConnection.ClearPool(pool);
        return await Application.Ask<long>(
            database.ConnectionString,
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        );
    }
}
