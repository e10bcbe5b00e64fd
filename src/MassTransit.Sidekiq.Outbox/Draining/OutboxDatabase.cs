using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

// What must be right about the context before messages can pass through it: checked when the bus starts, so that a missed
// step is reported by name then, and not as a database error an hour later.
internal sealed class OutboxDatabase<TDbContext>(
    IServiceScopeFactory scopes,
    OutboxStore<TDbContext> store,
    OutboxLog<TDbContext> log
)
    where TDbContext : DbContext
{
    // It may be about to be migrated.
    static readonly TimeSpan untilAskedAgain = TimeSpan.FromSeconds(5);

    volatile bool isComplete;
    string? said;

    // Throws for a model without our tables, or with columns that our statements cannot read.
    public void CheckModel() => _ = WithContext(context => store.Statements(context));

    // Whether contexts of two scopes have the very same connection, as for SQLite in memory: then nothing can run concurrently
    // with them, since a connection does one thing at a time.
    public bool IsConnectionShared() =>
        WithContext(one => WithContext(other => ReferenceEquals(Connection(one), Connection(other))));

    public void SayConnectionIsShared() => log.ConnectionShared();

    // Holds a loop back until the tables exist.
    public Func<CancellationToken, Task<TimeSpan>> OnceComplete(Func<CancellationToken, Task<TimeSpan>> cycle) =>
        async cancellationToken =>
            await IsComplete(cancellationToken).ConfigureAwait(false)
                ? await cycle(cancellationToken).ConfigureAwait(false)
                : untilAskedAgain;

    // Logs once which table is missing, or lacks a column. A database that does not answer throws.
    async Task<bool> IsComplete(CancellationToken cancellationToken)
    {
        if (isComplete)
        {
            return true;
        }

        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();
        await context.Database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var connection = Connection(context);
        foreach (var (table, probe) in store.Statements(context).Probes)
        {
            try
            {
                await Execute(connection, probe, cancellationToken).ConfigureAwait(false);
            }
            catch (DbException fault)
            {
                // Only a database that answers can report what is missing.
                await Execute(connection, "SELECT 1", cancellationToken).ConfigureAwait(false);
                if (!string.Equals(said, table, StringComparison.Ordinal))
                {
                    said = table;
                    log.TablesMissing(table, fault.Message);
                }

                return false;
            }
        }

        isComplete = true;
        return true;
    }

    static DbConnection Connection(TDbContext context) => context.Database.GetDbConnection();

    // A context that cannot be created now is left to the loops, which log it and try again.
    T? WithContext<T>(Func<TDbContext, T> ask)
    {
        using var scope = scopes.CreateScope();
        TDbContext context;
        try
        {
            context = scope.ServiceProvider.GetRequiredService<TDbContext>();
        }
        catch (Exception fault) when (fault is not ConfigurationException)
        {
            log.ContextFailed(fault);
            return default;
        }

        return ask(context);
    }

    static async Task Execute(DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = connection.CreateCommand();
        await using var _ = command.ConfigureAwait(false);
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
