using System.Collections.Concurrent;
using Npgsql;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// The PostgreSQL that the tests of an assembly share: one of ours, or the one that SIDEKIQ_TEST_POSTGRES names (a connection
/// string of a user who may create databases).
/// </summary>
sealed class SharedPostgres
{
    static readonly Lazy<Task<SharedPostgres>> Shared = new(Start);

    readonly ConcurrentDictionary<string, Lazy<Task<string>>> templates = new(StringComparer.Ordinal);
    readonly string run = Guid.NewGuid().ToString("N")[..8];
    readonly PostgresServer? own;
    readonly string connectionString;
    int next;

    SharedPostgres(PostgresServer? own, string connectionString) =>
        (this.own, this.connectionString) = (own, connectionString);

    public static async Task<PostgresDatabase> Lease(string template, Func<string, Task> fill) =>
        await (await Shared.Value).LeaseOne(template, fill);

    public static async Task Stop()
    {
        if (!Shared.IsValueCreated || !Shared.Value.IsCompletedSuccessfully)
        {
            return;
        }

        var shared = await Shared.Value;
        NpgsqlConnection.ClearAllPools();
        if (shared.own is not null)
        {
            await shared.own.DisposeAsync();
            return;
        }

        foreach (var template in shared.templates.Values)
        {
            await shared.Drop(await template.Value);
        }
    }

    static async Task<SharedPostgres> Start()
    {
        var foreign = Environment.GetEnvironmentVariable("SIDEKIQ_TEST_POSTGRES");
        if (!string.IsNullOrEmpty(foreign))
        {
            return new SharedPostgres(null, foreign);
        }

        var server = await PostgresServer.StartOwn();
        return new SharedPostgres(server, server.ConnectionString);
    }

    async Task<PostgresDatabase> LeaseOne(string template, Func<string, Task> fill)
    {
        var source = await templates.GetOrAdd(template, _ => new(() => Create(template, fill))).Value;
        var name = $"{source}_{Interlocked.Increment(ref next)}";
        await Execute($"CREATE DATABASE \"{name}\" TEMPLATE \"{source}\"");

        return new PostgresDatabase(For(name), () => Drop(name));
    }

    async Task<string> Create(string template, Func<string, Task> fill)
    {
        var name = $"sidekiq_{run}_{template}";
        await Execute($"CREATE DATABASE \"{name}\"");
        await fill(For(name) + ";Pooling=false");
        return name;
    }

    async ValueTask Drop(string name)
    {
        await using (var ours = new NpgsqlConnection(For(name)))
        {
            NpgsqlConnection.ClearPool(ours);
        }

        await Execute($"DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
    }

    async Task Execute(string sql)
    {
        await using var connection = new NpgsqlConnection(For("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    string For(string database) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Database = database }.ToString();
}
