using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

// The ledger in the database, for its keeper; the relay writes new rows in the transaction that removes the messages.
internal sealed class LedgerStore<TDbContext>(
    IServiceScopeFactory scopes,
    OutboxSettings<TDbContext> settings,
    TimeProvider clock
)
    where TDbContext : DbContext
{
    // The message and the consumer of the inbox row that holds the ledger's id: "ledger". It is never delivered, so no
    // cleaner removes it.
    static readonly Guid ledger = new("6c656467-6572-0000-0000-000000000000");

    readonly OutboxQueries<TDbContext> queries = new(scopes, settings);

    // The name of this database's ledger in Redis: the context, and an id that is created once and stored in the
    // database, since other services may have a context of that name, and other processes of this service may reach its
    // server by another name.
    public async Task<string> Name(CancellationToken cancellationToken)
    {
        var id =
            await Id(cancellationToken).ConfigureAwait(false) ?? await MakeId(cancellationToken).ConfigureAwait(false);

        return $"{settings.Name}-{id.ToString("N")[..12]}";
    }

    // Those of the ids that are in the ledger, since a completion may come before its row is committed.
    public Task<List<string>> Known(IReadOnlyCollection<string> jids, CancellationToken cancellationToken) =>
        With(
            rows => rows.Where(row => jids.Contains(row.Jid)).Select(row => row.Jid).ToListAsync(cancellationToken),
            cancellationToken
        );

    public Task Forget(IReadOnlyCollection<string> jids, CancellationToken cancellationToken) =>
        With(rows => rows.DeleteWhere(nameof(OutboxLedger.Jid), jids, cancellationToken), cancellationToken);

    // Dead ones are not looked for.
    public Task Bury(IReadOnlyCollection<string> jids, DateTime now, CancellationToken cancellationToken) =>
        With(
            rows =>
                rows.Where(row => jids.Contains(row.Jid) && row.DiedAt == null)
                    .ExecuteUpdateAsync(
                        row =>
                            row.SetProperty(each => each.DiedAt, now)
                                .SetProperty(each => each.NextLook, (DateTime?)null)
                                .SetProperty(each => each.Missed, (DateTime?)null),
                        cancellationToken
                    ),
            cancellationToken
        );

    // Redis lost its data: all open rows of an older epoch are looked for at once. Returns how many.
    public Task<int> BeginEpoch(string epoch, DateTime now, CancellationToken cancellationToken) =>
        With(
            rows =>
                rows.Where(row => row.Epoch != epoch && row.DiedAt == null)
                    .ExecuteUpdateAsync(
                        row => row.SetProperty(each => each.Epoch, epoch).SetProperty(each => each.NextLook, now),
                        cancellationToken
                    ),
            cancellationToken
        );

    // Due rows, and the ids of those that cannot be read.
    public async Task<(List<OutboxLedger> Rows, List<string> Unreadable)> DueForLook(
        DateTime now,
        int take,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var rows = await With(
                    rows => Due(rows, now, take).AsNoTracking().ToListAsync(cancellationToken),
                    cancellationToken
                )
                .ConfigureAwait(false);
            return (rows, []);
        }
        catch (Exception fault) when (IsOfARow(fault))
        {
            var jids = await With(
                    rows => Due(rows, now, take).Select(row => row.Jid).ToListAsync(cancellationToken),
                    cancellationToken
                )
                .ConfigureAwait(false);
            var (readable, unreadable) = (new List<OutboxLedger>(), new List<string>());
            await Read(jids, readable, unreadable, cancellationToken).ConfigureAwait(false);

            return (readable, unreadable);
        }
    }

    // Jobs that a look found, or missed for the first time.
    public Task Looked(
        IReadOnlyCollection<string> jids,
        DateTime next,
        DateTime? missed,
        CancellationToken cancellationToken
    ) =>
        With(
            rows =>
                rows.Where(row => jids.Contains(row.Jid))
                    .ExecuteUpdateAsync(
                        row => row.SetProperty(each => each.NextLook, next).SetProperty(each => each.Missed, missed),
                        cancellationToken
                    ),
            cancellationToken
        );

    // Before it is pushed: a kill in between leaves it to the next look.
    public Task PushAgain(IReadOnlyCollection<string> jids, DateTime next, CancellationToken cancellationToken) =>
        With(
            rows =>
                rows.Where(row => jids.Contains(row.Jid))
                    .ExecuteUpdateAsync(
                        row =>
                            row.SetProperty(each => each.NextLook, next)
                                .SetProperty(each => each.Missed, (DateTime?)null)
                                .SetProperty(each => each.PushedAgain, each => each.PushedAgain + 1),
                        cancellationToken
                    ),
            cancellationToken
        );

    Task<T> With<T>(Func<DbSet<OutboxLedger>, Task<T>> work, CancellationToken cancellationToken) =>
        queries.Run(context => work(context.Set<OutboxLedger>()), cancellationToken);

    static IQueryable<OutboxLedger> Due(DbSet<OutboxLedger> rows, DateTime now, int take) =>
        rows.Where(row => row.NextLook <= now).OrderBy(row => row.NextLook).ThenBy(row => row.SentAt).Take(take);

    // Halves the range until the unreadable rows are isolated.
    async Task Read(
        List<string> jids,
        List<OutboxLedger> readable,
        List<string> unreadable,
        CancellationToken cancellationToken
    )
    {
        try
        {
            readable.AddRange(
                await With(
                        rows => rows.AsNoTracking().Where(row => jids.Contains(row.Jid)).ToListAsync(cancellationToken),
                        cancellationToken
                    )
                    .ConfigureAwait(false)
            );
        }
        catch (Exception fault) when (IsOfARow(fault))
        {
            if (jids.Count == 1)
            {
                unreadable.Add(jids[0]);
                return;
            }

            var half = jids.Count / 2;
            await Read(jids[..half], readable, unreadable, cancellationToken).ConfigureAwait(false);
            await Read(jids[half..], readable, unreadable, cancellationToken).ConfigureAwait(false);
        }
    }

    // The database has answered, and the value does not fit its column.
    static bool IsOfARow(Exception fault) =>
        fault is not (DbException or OperationCanceledException or OutOfMemoryException)
        && fault.GetBaseException() is not (DbException or IOException or TimeoutException);

    Task<Guid?> Id(CancellationToken cancellationToken) =>
        queries.Run(
            context =>
                context
                    .Set<InboxState>()
                    .Where(row => row.MessageId == ledger && row.ConsumerId == ledger)
                    .Select(row => (Guid?)row.LockId)
                    .SingleOrDefaultAsync(cancellationToken),
            cancellationToken
        );

    async Task<Guid> MakeId(CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();
        var row = new InboxState
        {
            MessageId = ledger,
            ConsumerId = ledger,
            LockId = Guid.NewGuid(),
            Received = clock.GetUtcNow().UtcDateTime,
        };
        context.Add(row);
        try
        {
            await context.SaveChangesAsync(cancellationToken).ConfigureAwait(false);
            return row.LockId;
        }
        catch (DbUpdateException)
        {
            // Another process may have created it at this moment; if not, this was another fault.
            if (await Id(cancellationToken).ConfigureAwait(false) is { } made)
            {
                return made;
            }

            throw;
        }
    }
}
