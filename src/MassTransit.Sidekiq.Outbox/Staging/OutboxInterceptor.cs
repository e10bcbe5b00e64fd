using System.Data.Common;
using System.Transactions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace MassTransit.Sidekiq;

// Detects when the changes of a context are committed. A transaction that is begun and ended elsewhere (a raw
// NpgsqlTransaction) is not detected; its messages are found when the scope ends, or by the next poll. And lets the messages
// that an OutboxState carries join the command that writes it.
internal sealed class OutboxInterceptor<TDbContext>(
    OutboxSignal<TDbContext> signal,
    CarriedMessages<TDbContext> carried,
    BypassWatch<TDbContext> watch
) : ISaveChangesInterceptor, IDbTransactionInterceptor, IDbCommandInterceptor
    where TDbContext : DbContext
{
    public InterceptionResult<DbDataReader> ReaderExecuting(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<DbDataReader> result
    )
    {
        Join(command, eventData);
        return result;
    }

    public ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<DbDataReader> result,
        CancellationToken cancellationToken = default
    )
    {
        Join(command, eventData);
        return ValueTask.FromResult(result);
    }

    public InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        Take(eventData);
        return result;
    }

    public ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData,
        InterceptionResult<int> result,
        CancellationToken cancellationToken = default
    )
    {
        Take(eventData);
        return ValueTask.FromResult(result);
    }

    public void SaveChangesFailed(DbContextErrorEventData eventData) => Failed(eventData);

    public Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        Failed(eventData);
        return Task.CompletedTask;
    }

    public void SaveChangesCanceled(DbContextEventData eventData) => Failed(eventData);

    public Task SaveChangesCanceledAsync(DbContextEventData eventData, CancellationToken cancellationToken = default)
    {
        Failed(eventData);
        return Task.CompletedTask;
    }

    public int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        Saved(eventData.Context);
        return result;
    }

    public async ValueTask<int> SavedChangesAsync(
        SaveChangesCompletedEventData eventData,
        int result,
        CancellationToken cancellationToken = default
    )
    {
        if (Saved(eventData.Context))
        {
            await signal.Drain(cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    public DbTransaction TransactionStarted(
        DbConnection connection,
        TransactionEndEventData eventData,
        DbTransaction result
    )
    {
        watch.Begin(eventData.TransactionId);
        return result;
    }

    public ValueTask<DbTransaction> TransactionStartedAsync(
        DbConnection connection,
        TransactionEndEventData eventData,
        DbTransaction result,
        CancellationToken cancellationToken = default
    )
    {
        watch.Begin(eventData.TransactionId);
        return ValueTask.FromResult(result);
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) =>
        Committed(eventData);

    public Task TransactionCommittedAsync(
        DbTransaction transaction,
        TransactionEndEventData eventData,
        CancellationToken cancellationToken = default
    ) => Committed(eventData) ? signal.Drain(cancellationToken) : Task.CompletedTask;

    public void TransactionRolledBack(DbTransaction transaction, TransactionEndEventData eventData) =>
        watch.End(eventData.TransactionId);

    public Task TransactionRolledBackAsync(
        DbTransaction transaction,
        TransactionEndEventData eventData,
        CancellationToken cancellationToken = default
    )
    {
        watch.End(eventData.TransactionId);
        return Task.CompletedTask;
    }

    public DbTransaction TransactionUsed(DbConnection connection, TransactionEventData eventData, DbTransaction result)
    {
        Doubt(eventData);
        return result;
    }

    public ValueTask<DbTransaction> TransactionUsedAsync(
        DbConnection connection,
        TransactionEventData eventData,
        DbTransaction result,
        CancellationToken cancellationToken = default
    )
    {
        Doubt(eventData);
        return ValueTask.FromResult(result);
    }

    public void RolledBackToSavepoint(DbTransaction transaction, TransactionEventData eventData) => Doubt(eventData);

    public Task RolledBackToSavepointAsync(
        DbTransaction transaction,
        TransactionEventData eventData,
        CancellationToken cancellationToken = default
    )
    {
        Doubt(eventData);
        return Task.CompletedTask;
    }

    void Take(DbContextEventData eventData)
    {
        if (eventData.Context is { } context)
        {
            carried.Take(context);
        }
    }

    void Failed(DbContextEventData eventData)
    {
        if (eventData.Context is { } context)
        {
            carried.Failed(context);
        }
    }

    void Join(DbCommand command, CommandEventData eventData)
    {
        if (eventData is { CommandSource: CommandSource.SaveChanges, Context: { } context })
        {
            carried.Join(context, command);
        }
    }

    // Whether messages are committed now.
    bool Saved(DbContext? context)
    {
        if (context is not null)
        {
            carried.Saved(context);
        }

        if (context is null || !signal.HasStaged(context) || context.Database.CurrentTransaction is not null)
        {
            return false;
        }

        if ((Transaction.Current ?? context.Database.GetEnlistedTransaction()) is { } ambient)
        {
            ambient.TransactionCompleted += (_, ended) =>
            {
                if (ended.Transaction?.TransactionInformation.Status == TransactionStatus.Committed)
                {
                    signal.Wake();
                }
            };
            return false;
        }

        return signal.Commit(context);
    }

    void Doubt(TransactionEventData transaction)
    {
        if (transaction.Context is not null)
        {
            signal.Doubt(transaction.Context, transaction.TransactionId);
        }
    }

    bool Committed(TransactionEndEventData transaction)
    {
        watch.End(transaction.TransactionId);
        return transaction.Context is not null && signal.Commit(transaction.Context);
    }
}
