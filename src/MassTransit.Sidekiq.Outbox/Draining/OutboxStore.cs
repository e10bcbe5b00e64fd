using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

// The outbox in the database, for draining. It borrows the connection of a context, but uses SQL: a batch is two round
// trips and a commit, and a retrying execution strategy does not interfere with its transaction.
internal sealed class OutboxStore<TDbContext>(IServiceScopeFactory scopes, OutboxSettings<TDbContext> settings)
    where TDbContext : DbContext
{
    volatile Known? known;

    // Takes the oldest transactions that no other host drains, up to both limits of `take`. Dispose releases what was not
    // finished.
    public async Task<OutboxBatch> Claim(OutboxTake take, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        try
        {
            var context = scope.ServiceProvider.GetRequiredService<TDbContext>();
            var statements = Statements(context);
            await context.Database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            var connection = context.Database.GetDbConnection();

            if (
                statements.LocksEverything
                && !await HasWork(connection, statements, cancellationToken).ConfigureAwait(false)
            )
            {
                return new OutboxBatch(scope, statements, transaction: null);
            }

            var transaction = await connection
                .BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken)
                .ConfigureAwait(false);
            var batch = new OutboxBatch(scope, statements, transaction);
            try
            {
                await batch.Read(take, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                // A connection that is the user's own does not end with the scope.
                await transaction.DisposeAsync().ConfigureAwait(false);
                throw;
            }

            return batch;
        }
        catch
        {
            await scope.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // Removes up to `take` expired inbox rows and returns how many. Ours expire at their own time, others if they were
    // delivered before `before`.
    public async Task<int> ForgetInbox(DateTime now, DateTime before, int take, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();
        await context.Database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var connection = context.Database.GetDbConnection();
        var transaction = await connection
            .BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken)
            .ConfigureAwait(false);
        await using var __ = transaction.ConfigureAwait(false);

        var command = connection.CreateCommand();
        await using var ___ = command.ConfigureAwait(false);
        (command.Transaction, command.CommandText) = (transaction, Statements(context).ForgetInbox);
        OutboxDialect.Parameter(command, "@now", now);
        OutboxDialect.Parameter(command, "@before", before);
        OutboxDialect.Parameter(command, "@take", take);
        var forgotten = await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);

        return forgotten;
    }

    public OutboxStatements Statements(TDbContext context)
    {
        if (known is not { } made || !ReferenceEquals(made.Model, context.Model))
        {
            var dialect = settings.Options.Dialect ?? SidekiqOutboxMigrations.Dialect(context.Database.ProviderName);
            known = made = new Known(context.Model, new OutboxStatements(dialect, context.Model));
        }

        return made.Statements;
    }

    sealed record Known(IModel Model, OutboxStatements Statements);

    static async Task<bool> HasWork(
        DbConnection connection,
        OutboxStatements statements,
        CancellationToken cancellationToken
    )
    {
        var command = connection.CreateCommand();
        await using var _ = command.ConfigureAwait(false);
        command.CommandText = statements.HasWork;

        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not null;
    }
}

// The SQL of one model.
internal sealed class OutboxStatements
{
    public OutboxStatements(OutboxDialect dialect, IModel model)
    {
        var tables = new OutboxTables(model, dialect.Quote);

        Dialect = dialect;
        Probes = tables.Probes();
        HasWork = OutboxDialect.HasWork(tables);
        Claim = dialect.Claim(tables);
        Delete = $"{dialect.DeleteMessages(tables)}; {dialect.DeleteTransactions(tables)}";
        DeleteSent = dialect.DeleteSent(tables);
        FindScheduled = OutboxDialect.FindScheduled(tables);
        SetAside = OutboxDialect.SetAside(tables);
        Keep = dialect.Keep(tables);
        Receive = dialect.Receive(tables);
        ForgetInbox = dialect.ForgetInbox(tables);
    }

    public OutboxDialect Dialect { get; }

    public bool LocksEverything => Dialect.LocksEverything;

    // For each table a statement that reads nothing, and fails where the table or one of its columns is missing.
    public IReadOnlyList<(string Table, string Sql)> Probes { get; }

    public string HasWork { get; }

    public string Claim { get; }

    public string Delete { get; }

    public string DeleteSent { get; }

    public string FindScheduled { get; }

    public string SetAside { get; }

    public string Keep { get; }

    public string Receive { get; }

    public string ForgetInbox { get; }
}
