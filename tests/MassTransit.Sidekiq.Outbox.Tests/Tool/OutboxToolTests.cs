using System.Data.Common;
using System.Text.Json;
using MassTransit.Sidekiq.Tests.Tool;

namespace MassTransit.Sidekiq.Outbox.Tests;

/// <summary>`dotnet sidekiq outbox`, and the doctor's check of an outbox, on each database.</summary>
public sealed class OutboxToolTests
{
    const string Id = "11111111-1111-1111-1111-111111111111";

    [Theory]
    [InlineData("sqlite", "datetime('now', '-1 hour')")]
    [InlineData("postgres", "now() - interval '1 hour'")]
    [InlineData("mysql", "UTC_TIMESTAMP(6) - INTERVAL 1 HOUR")]
    public async Task Tables_are_found_with_what_waits_in_them_and_how_long(string provider, string anHourAgo)
    {
        await using var database = await ToolDatabase.Create(provider);

        var nothing = await database.Outbox();
        Assert.Equal(1, nothing.Code);
        Assert.All(Tables(nothing), table => Assert.False(table.GetProperty("exists").GetBoolean()));
        Assert.Equal(Verdict.Error, (await database.Finding()).Verdict);

        await database.Execute(Script(provider));
        var empty = await database.Outbox();
        Assert.Equal((0, 0), (empty.Code, empty.Json.GetProperty("pending").GetInt32()));
        Assert.Equal(JsonValueKind.Null, empty.Json.GetProperty("oldestSeconds").ValueKind);
        Assert.All(
            Tables(empty),
            table =>
                Assert.True(
                    table.GetProperty("exists").GetBoolean()
                        && table.GetProperty("missingIndexes").GetArrayLength() == 0,
                    table.GetRawText()
                )
        );
        Assert.Equal(Verdict.Ok, (await database.Finding()).Verdict);

        await database.Execute(
            Quoted(
                provider,
                $"""
                INSERT INTO "OutboxState" ("OutboxId", "LockId", "Created") VALUES ('{Id}', '{Id}', {anHourAgo});
                INSERT INTO "OutboxMessage" ("OutboxId", "MessageId", "SentTime", "ContentType", "MessageType", "Body")
                    VALUES ('{Id}', '{Id}', {anHourAgo}, 'json', 'Order', 'x');
                """
            )
        );
        var waiting = await database.Outbox();
        Assert.Equal(1, waiting.Json.GetProperty("pending").GetInt32());
        Assert.InRange(waiting.Json.GetProperty("oldestSeconds").GetDouble(), 3600, 4200);
        var finding = await database.Finding();
        Assert.Equal(Verdict.Error, finding.Verdict);
        Assert.StartsWith("1 message pending, the oldest for 1 h 0 min", finding.Fact, StringComparison.Ordinal);
        Assert.Contains("No process drains it", finding.WayOut, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_index_a_message_set_aside_and_a_missing_table_are_told()
    {
        await using var database = await ToolDatabase.Create("sqlite");
        await database.Execute(Script("sqlite"));

        await database.Execute(
            """
            INSERT INTO "OutboxFault" ("MessageId", "MessageType", "Attempts", "FaultedAt", "ErrorType", "Error", "Message")
                VALUES ('1', 'Order', 1, datetime('now'), 'E', 'x', '{}')
            """
        );
        var aside = await database.Finding();
        Assert.Equal(Verdict.Warning, aside.Verdict);
        Assert.Contains("1 set aside", aside.Fact, StringComparison.Ordinal);
        Assert.Contains("Release", aside.WayOut, StringComparison.Ordinal);

        await database.Execute("DROP INDEX \"IX_OutboxMessage_OutboxId_SequenceNumber\"");
        var slow = await database.Finding();
        Assert.Equal(
            (Verdict.Warning, "Indexes of the outbox are missing: OutboxMessage (OutboxId + SequenceNumber)."),
            (slow.Verdict, slow.Fact)
        );

        await database.Execute("DROP TABLE \"OutboxLedger\"");
        var gone = await database.Finding();
        Assert.Equal((Verdict.Error, "Tables of the outbox are missing: OutboxLedger."), (gone.Verdict, gone.Fact));
    }

    [Fact]
    public async Task Tables_of_another_naming_convention_are_found()
    {
        await using var database = await ToolDatabase.Create("sqlite");
        await database.Execute(
            System
                .Text.RegularExpressions.Regex.Replace(Script("sqlite"), "(?<=[a-z])([A-Z])", "_$1")
                .ToLowerInvariant()
        );

        var found = await database.Outbox();

        Assert.Equal(0, found.Code);
        Assert.Equal(Verdict.Ok, (await database.Finding()).Verdict);
    }

    static IReadOnlyList<JsonElement> Tables(ToolOutput result) =>
        [.. result.Json.GetProperty("tables").EnumerateArray()];

    static string Script(string provider) =>
        File.ReadAllText(Repository.PathOf($"src/MassTransit.Sidekiq.Outbox/Sql/{provider}.create.sql"));

    static string Quoted(string provider, string sql) => provider == "mysql" ? sql.Replace('"', '`') : sql;

    /// <summary>An empty database of one kind.</summary>
    sealed class ToolDatabase(string provider, string connectionString, RedisDatabase redis, Func<ValueTask> release)
        : IAsyncDisposable
    {
        public static async Task<ToolDatabase> Create(string provider)
        {
            var redis = await RedisServer.Lease();
            if (provider == "postgres")
            {
                var postgres = await PostgresServer.Lease("tool", _ => Task.CompletedTask);
                return new ToolDatabase(provider, postgres.ConnectionString, redis, postgres.DisposeAsync);
            }

            if (provider == "mysql")
            {
                var text = await MariaDbServer.NewDatabase();
                var server = new ToolDatabase(
                    provider,
                    text.Split("Database=")[0],
                    redis,
                    () => ValueTask.CompletedTask
                );
                await server.Execute($"CREATE DATABASE {text.Split("Database=")[1]}");
                return new ToolDatabase(provider, text, redis, () => ValueTask.CompletedTask);
            }

            var folder = Directory.CreateTempSubdirectory("sidekiq-tool-").FullName;
            var file = Path.Combine(folder, "shop.db");
            await File.WriteAllBytesAsync(file, []);
            return new ToolDatabase(
                provider,
                $"Data Source={file}",
                redis,
                () =>
                {
                    Directory.Delete(folder, recursive: true);
                    return ValueTask.CompletedTask;
                }
            );
        }

        public async Task Execute(string sql)
        {
            await using DbConnection connection = provider switch
            {
                "postgres" => new Npgsql.NpgsqlConnection(connectionString),
                "mysql" => new MySqlConnector.MySqlConnection(connectionString),
                _ => new Microsoft.Data.Sqlite.SqliteConnection(connectionString + ";Pooling=false"),
            };
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync();
        }

        public async Task<ToolOutput> Outbox()
        {
            using var runner = new ToolRunner();
            return await runner.Run(["outbox", "--outbox", connectionString, "--provider", provider, "--json"]);
        }

        public Task<Finding> Finding() =>
            ToolRunner.Finding(redis, "outbox", "--outbox", connectionString, "--provider", provider);

        public async ValueTask DisposeAsync()
        {
            await release();
            await redis.DisposeAsync();
        }
    }
}
