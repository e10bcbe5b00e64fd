using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

// Notified by PostgreSQL that another process has committed messages. It holds one connection; when that breaks, or the
// database is another, only time is lost: the relay also polls.
internal sealed class OutboxListener<TDbContext>(IServiceScopeFactory scopes, OutboxSettings<TDbContext> settings)
    where TDbContext : DbContext
{
    public const string Channel = "sidekiq_outbox";

    // Long enough to cost nothing, short enough that a connection which a firewall has dropped is noticed eventually.
    static readonly TimeSpan longestWait = TimeSpan.FromMinutes(5);
    static readonly TimeSpan never = TimeSpan.FromDays(1);

    // Whether the database supports it.
    public bool IsPossible(TDbContext context) =>
        settings.Options.Listen
        && (settings.Options.Dialect ?? SidekiqOutboxMigrations.Dialect(context.Database.ProviderName))
            == OutboxDialect.Postgres;

    // Listens until the connection ends or the token is cancelled; `heard` is called for each notification, and once at
    // the beginning, for those that came before.
    public async Task<TimeSpan> Listen(Action heard, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();
        if (!IsPossible(context))
        {
            return never;
        }

        await context.Database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var connection = context.Database.GetDbConnection();
        await Execute(connection, $"LISTEN {Channel}", cancellationToken).ConfigureAwait(false);
        if (WaitOf(connection) is not { } wait)
        {
            return never;
        }

        heard();
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await wait(longestWait, cancellationToken).ConfigureAwait(false))
            {
                heard();
            }
            else
            {
                await Execute(connection, "SELECT 1", cancellationToken).ConfigureAwait(false);
            }
        }

        return never;
    }

    // Notifies the relays of other processes, now and whenever `next` returns that there is more, until it returns that there
    // is not. Returns at once where that is not supported.
    public async Task Notify(Func<Task<bool>> next, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();
        if (!IsPossible(context))
        {
            return;
        }

        await context.Database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var connection = context.Database.GetDbConnection();

        do
        {
            await Notify(connection, cancellationToken).ConfigureAwait(false);
        } while (await next().ConfigureAwait(false));
    }

    // A notification need not wait for the disk, where business transactions queue. That applies to this one transaction:
    // the connection returns to a pool, which may be PgBouncer's.
    static async Task Notify(DbConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = transaction.ConfigureAwait(false);
        await Execute(connection, $"SET LOCAL synchronous_commit TO off; NOTIFY {Channel}", cancellationToken)
            .ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    // `WaitAsync(TimeSpan, CancellationToken)` of NpgsqlConnection, which this package does not depend on: users of other
    // databases should not get it.
    static Func<TimeSpan, CancellationToken, Task<bool>>? WaitOf(DbConnection connection) =>
        connection
            .GetType()
            .GetMethod("WaitAsync", [typeof(TimeSpan), typeof(CancellationToken)])
            ?.CreateDelegate<Func<TimeSpan, CancellationToken, Task<bool>>>(connection);

    static async Task Execute(DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = connection.CreateCommand();
        await using var _ = command.ConfigureAwait(false);
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
