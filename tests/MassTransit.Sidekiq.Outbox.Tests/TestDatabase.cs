using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq.Outbox.Tests;

public enum Database
{
    Postgres,
    Sqlite,
    MariaDb,
}

// A database with the tables of OrdersDb, nobody else's until it is disposed.
public sealed class TestDatabase : IAsyncDisposable
{
    readonly Func<ValueTask> release;
    SqliteConnection? shared;

    TestDatabase(Database kind, string connectionString, Func<ValueTask> release) =>
        (Kind, ConnectionString, this.release) = (kind, connectionString, release);

    public Database Kind { get; }

    public string ConnectionString { get; }

    public static async Task<TestDatabase> Lease(Database kind)
    {
        if (kind == Database.Postgres)
        {
            var postgres = await PostgresServer.Lease("orders", connection => Create(Database.Postgres, connection));
            return new TestDatabase(kind, postgres.ConnectionString, postgres.DisposeAsync);
        }

        if (kind == Database.MariaDb)
        {
            var mariaDb = await MariaDbServer.NewDatabase();
            await Create(kind, mariaDb);
            return new TestDatabase(kind, mariaDb, () => ValueTask.CompletedTask);
        }

        var file = Path.Combine(Path.GetTempPath(), $"sidekiq-{Guid.NewGuid():N}.db");
        var connectionString = $"Data Source={file}";
        await Create(kind, connectionString);
        return new TestDatabase(
            kind,
            connectionString,
            () =>
            {
                SqliteConnection.ClearPool(new SqliteConnection(connectionString));
                File.Delete(file);
                return ValueTask.CompletedTask;
            }
        );
    }

    // All contexts have this connection.
    public static TestDatabase Over(SqliteConnection connection) =>
        new(Database.Sqlite, connection.ConnectionString, () => ValueTask.CompletedTask) { shared = connection };

    public void Configure(DbContextOptionsBuilder builder, bool retries = false)
    {
        if (shared is not null)
        {
            builder.UseSqlite(shared);
            return;
        }

        Configure(builder, Kind, ConnectionString, retries);
    }

    public OrdersDb Open()
    {
        var builder = new DbContextOptionsBuilder<OrdersDb>();
        Configure(builder);
        return new OrdersDb(builder.Options);
    }

    public ValueTask DisposeAsync() => release();

    static void Configure(DbContextOptionsBuilder builder, Database kind, string connectionString, bool retries = false)
    {
        _ = kind switch
        {
            Database.Postgres => builder.UseNpgsql(
                connectionString,
                postgres => _ = retries ? postgres.EnableRetryOnFailure() : postgres
            ),
            Database.MariaDb => builder.UseMySQL(
                connectionString,
                mySql => _ = retries ? mySql.EnableRetryOnFailure() : mySql
            ),
            _ => builder.UseSqlite(connectionString),
        };
    }

    static async Task Create(Database kind, string connectionString)
    {
        var builder = new DbContextOptionsBuilder<OrdersDb>();
        Configure(builder, kind, connectionString);
        await using var context = new OrdersDb(builder.Options);
        await context.Database.EnsureCreatedAsync();
    }
}
