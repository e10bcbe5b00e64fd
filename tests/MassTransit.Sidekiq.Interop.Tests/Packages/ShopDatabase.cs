using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>An empty database for a test alone.</summary>
sealed class ShopDatabase : IAsyncDisposable
{
    public static readonly string[] OutboxTables =
    [
        "InboxState",
        "OutboxFault",
        "OutboxLedger",
        "OutboxMessage",
        "OutboxState",
    ];

    readonly Func<DbConnection> connect;
    readonly Func<ValueTask> release;

    ShopDatabase(string connectionString, Func<DbConnection> connect, Func<ValueTask> release) =>
        (ConnectionString, this.connect, this.release) = (connectionString, connect, release);

    public string ConnectionString { get; }

    public static async Task<ShopDatabase> Lease(string shop)
    {
        if (shop == "SqliteShop")
        {
            var file = Path.Combine(Path.GetTempPath(), $"sidekiq-{Guid.NewGuid():N}.db");
            var connectionString = $"Data Source={file};Pooling=False";
            return new ShopDatabase(
                connectionString,
                () => new SqliteConnection(connectionString),
                () =>
                {
                    File.Delete(file);
                    return ValueTask.CompletedTask;
                }
            );
        }

        var postgres = await PostgresServer.Lease("empty", _ => Task.CompletedTask);
        return new ShopDatabase(
            postgres.ConnectionString,
            () => new NpgsqlConnection(postgres.ConnectionString),
            postgres.DisposeAsync
        );
    }

    /// <summary>The tables but for those that migrations keep for themselves.</summary>
    public async Task<string[]> Tables() =>
        [
            .. (
                await Ask(
                    IsSqlite
                        ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                        : "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                )
            )
                .Where(table => !table.StartsWith("__EFMigrations", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Everything about the tables of the outbox: columns, constraints, indexes.</summary>
    public Task<string[]> Describe() =>
        IsSqlite
            ? Ask(
                $"SELECT COALESCE(sql, name) FROM sqlite_master WHERE tbl_name IN ('{string.Join("', '", OutboxTables)}') ORDER BY name"
            )
            : PostgresCatalog.Describe(ConnectionString, OutboxTables);

    public async Task Execute(string sql)
    {
        await using var connection = connect();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    public async Task<string[]> Ask(string sql)
    {
        await using var connection = connect();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();

        var answers = new List<string>();
        while (await reader.ReadAsync())
        {
            answers.Add(reader.GetValue(0).ToString()!);
        }

        return [.. answers];
    }

    public ValueTask DisposeAsync() => release();

    bool IsSqlite => ConnectionString.StartsWith("Data Source", StringComparison.Ordinal);
}
