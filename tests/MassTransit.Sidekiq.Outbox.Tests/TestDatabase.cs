using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq.Outbox.Tests;

public enum Database
{
    Postgres,
    Sqlite,
}

/// A database with the tables of OrdersDb, nobody else's until it is disposed.
public sealed class TestDatabase : IAsyncDisposable
{
    readonly Func<ValueTask> release;

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

    public void Configure(DbContextOptionsBuilder builder, bool retries = false) =>
        Configure(builder, Kind, ConnectionString, retries);

    public OrdersDb Open()
    {
        var builder = new DbContextOptionsBuilder<OrdersDb>();
        Configure(builder);
        return new OrdersDb(builder.Options);
    }

    public ValueTask DisposeAsync() => release();

    static void Configure(DbContextOptionsBuilder builder, Database kind, string connectionString, bool retries = false)
    {
        if (kind == Database.Postgres)
        {
            builder.UseNpgsql(connectionString, postgres => _ = retries ? postgres.EnableRetryOnFailure() : postgres);
        }
        else
        {
            builder.UseSqlite(connectionString);
        }
    }

    static async Task Create(Database kind, string connectionString)
    {
        var builder = new DbContextOptionsBuilder<OrdersDb>();
        Configure(builder, kind, connectionString);
        await using var context = new OrdersDb(builder.Options);
        await context.Database.EnsureCreatedAsync();
    }
}
