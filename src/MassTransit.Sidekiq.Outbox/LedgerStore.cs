using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

/// The ledger in the database, for its keeper; the relay writes new rows in the transaction that removes the messages.
internal sealed class LedgerStore<TDbContext>(IServiceScopeFactory scopes)
    where TDbContext : DbContext
{
    /// Those of the ids that are in the ledger, for a completion may come before its row is committed.
    public Task<List<string>> Known(IReadOnlyCollection<string> jids, CancellationToken cancellationToken) =>
        With(rows => rows.Where(row => jids.Contains(row.Jid)).Select(row => row.Jid).ToListAsync(cancellationToken));

    public Task Forget(IReadOnlyCollection<string> jids, CancellationToken cancellationToken) =>
        With(rows => rows.DeleteWhere(nameof(OutboxLedger.Jid), jids, cancellationToken));

    /// Dead ones are not looked for.
    public Task Bury(IReadOnlyCollection<string> jids, DateTime now, CancellationToken cancellationToken) =>
        With(rows =>
            rows.Where(row => jids.Contains(row.Jid) && row.DiedAt == null)
                .ExecuteUpdateAsync(
                    row =>
                        row.SetProperty(each => each.DiedAt, now)
                            .SetProperty(each => each.NextLook, (DateTime?)null)
                            .SetProperty(each => each.Missed, (DateTime?)null),
                    cancellationToken
                )
        );

    /// Redis lost its data: all that it should hold of older data is looked for at once. Returns how many.
    public Task<int> BeginEpoch(string epoch, DateTime now, CancellationToken cancellationToken) =>
        With(rows =>
            rows.Where(row => row.Epoch != epoch && row.DiedAt == null)
                .ExecuteUpdateAsync(
                    row => row.SetProperty(each => each.Epoch, epoch).SetProperty(each => each.NextLook, now),
                    cancellationToken
                )
        );

    public Task<List<OutboxLedger>> DueForLook(DateTime now, int take, CancellationToken cancellationToken) =>
        With(rows =>
            rows.AsNoTracking()
                .Where(row => row.NextLook <= now)
                .OrderBy(row => row.NextLook)
                .ThenBy(row => row.SentAt)
                .Take(take)
                .ToListAsync(cancellationToken)
        );

    /// What a look found, or did not find for the first time.
    public Task Looked(
        IReadOnlyCollection<string> jids,
        DateTime next,
        DateTime? missed,
        CancellationToken cancellationToken
    ) =>
        With(rows =>
            rows.Where(row => jids.Contains(row.Jid))
                .ExecuteUpdateAsync(
                    row => row.SetProperty(each => each.NextLook, next).SetProperty(each => each.Missed, missed),
                    cancellationToken
                )
        );

    /// Before it is pushed: a kill in between leaves it to the next look.
    public Task PushAgain(IReadOnlyCollection<string> jids, DateTime next, CancellationToken cancellationToken) =>
        With(rows =>
            rows.Where(row => jids.Contains(row.Jid))
                .ExecuteUpdateAsync(
                    row =>
                        row.SetProperty(each => each.NextLook, next)
                            .SetProperty(each => each.Missed, (DateTime?)null)
                            .SetProperty(each => each.PushedAgain, each => each.PushedAgain + 1),
                    cancellationToken
                )
        );

    async Task<T> With<T>(Func<DbSet<OutboxLedger>, Task<T>> work)
    {
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();

        return await work(context.Set<OutboxLedger>()).ConfigureAwait(false);
    }
}
