using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq.Outbox.Tests;

// Rows that nobody would write. Whatever reading one throws, it has an end, and its neighbours are sent.
// SIDEKIQ_FUZZ_SEED begins with another seed, SIDEKIQ_FUZZ_MINUTES goes on from there.
public class FuzzTests
{
    const int Rows = 150;

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite)]
    public async Task Row_of_the_outbox_is_sent_or_set_aside_and_its_neighbours_are_sent(Database kind)
    {
        foreach (var seed in Seeds())
        {
            await using var redis = await RedisServer.Lease();
            await using var database = await TestDatabase.Lease(kind);
            var fuzz = new Fuzz(seed, kind);
            await using (var db = database.Open())
            {
                for (var i = 0; i < Rows; i++)
                {
                    await Insert(db, fuzz.Message());
                    OfficialRow.Stage(db, "urn:message:Good:Neighbour", "good", $$"""{"step":{{i}}}""");
                    await db.SaveChangesAsync();
                }
            }

            await using var host = await OutboxHost.Start(database, redis.Url);
            try
            {
                await host.Drained();
            }
            catch (Exception stuck) when (stuck is not OutOfMemoryException)
            {
                Assert.Fail($"Seed {seed}: {stuck.Message}");
            }

            var steps = (await redis.Jobs("good")).Select(job => job.Step()).Order();
            Assert.True(Enumerable.Range(0, Rows).SequenceEqual(steps), $"Seed {seed}: a neighbour is missing.");
            var faults = await host.Outbox.Faults(limit: 10 * Rows);
            Assert.All(faults, fault => Assert.NotEqual("", fault.ErrorType));
            Assert.NotEmpty(faults);

            // Whoever releases them all has none less, and throws nothing.
            await host.Outbox.Release();
            await host.Drained();
            Assert.Equal(faults.Count, (await host.Outbox.Count()).SetAside);
        }
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite)]
    public async Task Row_of_the_ledger_is_pushed_again_or_marked_dead_and_its_neighbours_are_pushed(Database kind)
    {
        foreach (var seed in Seeds())
        {
            await using var redis = await RedisServer.Lease();
            await using var database = await TestDatabase.Lease(kind);
            var fuzz = new Fuzz(seed, kind);
            await using (var db = database.Open())
            {
                for (var i = 0; i < Rows; i++)
                {
                    await Insert(db, fuzz.Kept(i));
                    db.Add(Neighbour(i));
                    await db.SaveChangesAsync();
                }
            }

            await using var host = await OutboxHost.Start(
                database,
                redis.Url,
                new OutboxHostOptions
                {
                    Outbox = outbox =>
                    {
                        outbox.PollInterval = TimeSpan.FromMilliseconds(20);
                        outbox.KeepUntilCompleted(keep => keep.LookAgain = TimeSpan.FromMilliseconds(20));
                    },
                }
            );

            await Until(
                async () => (await redis.Queue("good")).Length == Rows,
                async () => $"Seed {seed}: {string.Join('\n', host.Log.Lines)} {await redis.Dump()}"
            );

            // None is left to be looked for again and again.
            await using var after = database.Open();
            await Until(async () =>
            {
                var now = DateTime.UtcNow;
                return !await after.Set<OutboxLedger>().AnyAsync(row => row.NextLook <= now);
            });
            Assert.Contains(host.Log.Lines, line => line.Contains("hold no job", StringComparison.Ordinal));
        }
    }

    // Not through EF, which has its own idea of braces.
    static async Task Insert(OrdersDb db, string sql)
    {
        await db.Database.OpenConnectionAsync();
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    static OutboxLedger Neighbour(int number)
    {
        var jid = $"{number:x24}";
        return new OutboxLedger
        {
            Jid = jid,
            Queue = "good",
            Job = $$"""{"class":"Good","args":[],"jid":"{{jid}}","queue":"good"}""",
            SentAt = DateTime.UnixEpoch,
            NextLook = DateTime.UnixEpoch,
            Epoch = "before",
        };
    }

    static IEnumerable<int> Seeds()
    {
        var first = Environment.GetEnvironmentVariable("SIDEKIQ_FUZZ_SEED") ?? "1";
        var minutes = Environment.GetEnvironmentVariable("SIDEKIQ_FUZZ_MINUTES") ?? "0";
        var until = TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture));
        var started = Stopwatch.GetTimestamp();
        var seed = int.Parse(first, CultureInfo.InvariantCulture);
        do
        {
            yield return seed++;
        } while (Stopwatch.GetElapsedTime(started) < until);
    }
}

// SQL that inserts one row, with values of the column's type where the database asks for it, and any others where not.
sealed class Fuzz(int seed, Database kind)
{
    static readonly string[] texts =
    [
        "",
        " ",
        "null",
        "[]",
        "{}",
        "{",
        "7",
        "\"text\"",
        """{"a":"\ud800"}""",
        """{"a":"\u0000"}""",
        """{"Sidekiq-Class":"\u0000"}""",
        """{"Sidekiq-Class":7}""",
        """{"Sidekiq-Class":"A","Sidekiq-Args":"["}""",
        """{"Sidekiq-Class":"A","Sidekiq-Options":"{\"retry\":\"often\"}"}""",
        """{"Sidekiq-Class":"A","Sidekiq-Options":"nothing"}""",
        """{"Sidekiq-Class":"A","Sidekiq-Options":"{\"at\":1}"}""",
        """{"Sidekiq-Class":"\ud800"}""",
        """{"Sidekiq-Token":"x"}""",
        """{"Sidekiq-Attempts":"1e300"}""",
        """{"Sidekiq-Cancel":"no"}""",
        """{"MT-Scheduling-TokenId":7}""",
        """{"MT-Activity-Id":{"a":[]}}""",
        """{"Delay":"1e300"}""",
        """{"Delay":"99999999.00:00:00"}""",
        """{"a":1e999}""",
        "application/json",
        "application/x; charset=\"",
        "application/vnd.masstransit+json",
        "application/octet-stream",
        "urn:message:Fuzz:Message",
        "urn:message:",
        "urn:message:;;",
        ";",
        "\u0001\u0002",
        "sidekiq://localhost/fuzz",
        "sidekiq://localhost/fuzz%00",
        "sidekiq://localhost/fuzz?type=topic",
        "sidekiq://localhost/f%00?type=topic",
        "sidekiq://localhost/fuzz?temporary=true",
        "sidekiq://localhost/",
        "sidekiq://",
        "queue:",
        "queue:fuzz",
        "topic:fuzz",
        "rabbitmq://localhost/fuzz",
        "http://[",
        "//",
        "fuzz",
        "\U0001f4a9",
    ];

    static readonly string[] times =
    [
        "'1970-01-01 00:00:00'",
        "'2999-01-01 00:00:00'",
        "'9999-12-31 23:59:59.999999'",
        "'0001-01-01 00:00:00'",
        "NULL",
    ];

    // CA5394 is about secrets; this is to be repeated.
#pragma warning disable CA5394
    readonly Random random = new(seed);

    public string Message()
    {
        var (outbox, id) = (Id(), Id());
        var sent =
            kind == Database.Postgres
                ? Either("'1970-01-01'", "'294000-01-01'", "'infinity'")
                : Either("'1970-01-01'", "'then'", "7");
        return $"""
            INSERT INTO "OutboxState" ("OutboxId", "LockId", "Created") VALUES ({outbox}, {id}, '1970-01-01');
            INSERT INTO "OutboxMessage" ("EnqueueTime", "SentTime", "Headers", "Properties", "OutboxId", "MessageId", "ContentType",
              "MessageType", "Body", "ConversationId", "SourceAddress", "DestinationAddress", "ResponseAddress", "ExpirationTime")
            VALUES ({Time()}, {sent}, {Text("{}")}, {Text("{}")}, {outbox}, {Guid()}, {Text("application/json")},
              {Text("urn:message:Fuzz:Message")}, {Text("{}")}, {Guid()}, {Text("queue:a")}, {Text("queue:fuzz")},
              {Text("queue:a")}, {Time()});
            """;
    }

    public string Kept(int number)
    {
        var jid = $"{number + 0xfff000:x24}";
        var job = random.Next(3) switch
        {
            0 => $$$"""{"class":"Fuzz","args":[],"jid":"{{{jid}}}","queue":"fuzz"}""",
            1 => $$$"""{"class":"Fuzz","args":[],"jid":"{{{jid}}}","mt":{{{texts[random.Next(texts.Length)]}}}}""",
            _ => texts[random.Next(texts.Length)],
        };
        var look = kind == Database.Postgres ? Either("'1970-01-01'", "'-infinity'") : "'1970-01-01'";
        return $"""
            INSERT INTO "OutboxLedger" ("Jid", "MessageId", "Queue", "Job", "SentAt", "Due", "NextLook", "PushedAgain", "Epoch")
            VALUES ('{jid}', {Guid()}, {Text("fuzz")}, '{Escaped(job)}', {Never()}, {Time()}, {look}, {random.Next(
                6
            )}, 'before');
            """;
    }

    string Never() =>
        kind == Database.Postgres ? Either("'1970-01-01'", "'294000-01-01'") : Either("'1970-01-01'", "'then'");

    string Time() =>
        random.Next(4) switch
        {
            0 when kind == Database.Postgres => Either(
                "'infinity'",
                "'-infinity'",
                "'294000-01-01'",
                "'4000-01-01 BC'"
            ),
            0 => Either("'soon'", "1e300", "x'00ff'", "''"),
            1 => times[random.Next(times.Length)],
            _ => "NULL",
        };

    string Guid() => kind == Database.Sqlite && random.Next(6) == 0 ? Either("'nobody'", "7", "x'00'", "''") : Id();

    string Id() => $"'{new System.Guid(Bytes(16)).ToString().ToUpperInvariant()}'";

    // The usual one more often than not, so that each row gets far enough to fail somewhere else.
    string Text(string usual) =>
        random.Next(3) > 0 ? $"'{Escaped(usual)}'"
        : kind == Database.Sqlite && random.Next(6) == 0 ? Either("7", "x'fffe00'", "1.5")
        : $"'{Escaped(texts[random.Next(texts.Length)])}'";

    string Either(params string[] values) => values[random.Next(values.Length)];

    byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
#pragma warning restore CA5394

    static string Escaped(string text) => text.Replace("'", "''", StringComparison.Ordinal);
}
