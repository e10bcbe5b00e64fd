using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq.Outbox.Tests;

// A database without tables, for a test whose model is its own.
public sealed class EmptyDatabase(Action<DbContextOptionsBuilder> configure, Func<ValueTask> release) : IAsyncDisposable
{
    public void Configure(DbContextOptionsBuilder builder) => configure(builder);

    public ValueTask DisposeAsync() => release();

    public static async Task<EmptyDatabase> Lease(Database kind)
    {
        switch (kind)
        {
            case Database.Postgres:
                var postgres = await PostgresServer.Lease("empty", _ => Task.CompletedTask);
                return new EmptyDatabase(
                    builder => builder.UseNpgsql(postgres.ConnectionString),
                    postgres.DisposeAsync
                );

            case Database.MariaDb:
                // Whoever makes the tables makes the database.
                var mariaDb = await MariaDbServer.NewDatabase();
                return new EmptyDatabase(builder => builder.UseMySQL(mariaDb), () => ValueTask.CompletedTask);

            default:
                var file = Path.Combine(Path.GetTempPath(), $"sidekiq-{Guid.NewGuid():N}.db");
                var connectionString = $"Data Source={file}";
                return new EmptyDatabase(
                    builder => builder.UseSqlite(connectionString),
                    () =>
                    {
                        SqliteConnection.ClearPool(new SqliteConnection(connectionString));
                        File.Delete(file);
                        return ValueTask.CompletedTask;
                    }
                );
        }
    }
}
