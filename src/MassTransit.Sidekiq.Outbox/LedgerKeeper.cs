using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

/// Brings the ledger up to date with what became of its jobs. One process does it at a time, under a lease in Redis.
/// 1. Ask for the lease and the epoch. A new epoch means that Redis lost its data: every open row is looked for now.
/// 2. Take the notes that consumers left: completed rows are deleted, dead ones marked or deleted. First the rows, then the
///    notes: a kill in between repeats it. A note without a row stays a while, since the relay may not have committed yet.
/// 3. Look for jobs that should have been completed by now. Found: look again after the grace time. Dead: as above.
/// 4. Not found, and not at a look some seconds ago either: push it again, with the same id. The row is written first, so
///    that a kill leaves the push to the look after the next grace time, and never two pushes for one look.
/// 5. One that was pushed again five times is given up: its worker does not report, or dies of it.
/// A job may run twice all the same: whoever needs its effects once has the inbox.
internal sealed class LedgerKeeper<TDbContext>(
    LedgerStore<TDbContext> store,
    OutboxSettings<TDbContext> settings,
    OutboxLog<TDbContext> log,
    SidekiqHostConfiguration host,
    TimeProvider clock
)
    where TDbContext : DbContext
{
    const int MostNotes = 1000;

    // Each look reads all of Redis, so one look is for many.
    const int MostLooks = 10_000;

    // A worker that never reports would run its jobs again for ever.
    const int MostPushes = 5;

    static readonly TimeSpan lease = TimeSpan.FromSeconds(30);
    static readonly TimeSpan busyPause = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan noteMemory = TimeSpan.FromMinutes(10);

    readonly SidekiqLedgerOptions options = settings.Options.Ledger!;
    string? epoch;
    string? begunEpoch;

    public JobLedger Ledger { get; } = new(settings.Name);

    SidekiqProcess Process => host.Process;

    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        if (!await Keep(cancellationToken).ConfigureAwait(false))
        {
            return settings.Options.PollInterval;
        }

        var hasNotes = await TakeNotes(cancellationToken).ConfigureAwait(false);
        var hasLooked = await Look(cancellationToken).ConfigureAwait(false);
        var pause = TimeSpan.FromTicks(Math.Min(settings.Options.PollInterval.Ticks, options.LookAgain.Ticks));

        return hasNotes || hasLooked ? busyPause : pause;
    }

    /// How the relay enters what it pushes.
    public async Task<LedgerTerms> Terms()
    {
        if (epoch is null)
        {
            (_, epoch) = await Process.Completions.Keep(Ledger.Name, lease).ConfigureAwait(false);
        }

        return new LedgerTerms(options.Grace, epoch);
    }

    async Task<bool> Keep(CancellationToken cancellationToken)
    {
        (var isKeeper, epoch) = await Process.Completions.Keep(Ledger.Name, lease).ConfigureAwait(false);
        if (isKeeper && epoch != begunEpoch)
        {
            var lost = await store.BeginEpoch(epoch, Now(), cancellationToken).ConfigureAwait(false);
            if (lost > 0)
            {
                log.RedisLostItsData(lost);
            }

            begunEpoch = epoch;
        }

        return isKeeper;
    }

    async Task<bool> TakeNotes(CancellationToken cancellationToken)
    {
        var (taken, unknown) = (0, 0);
        while (true)
        {
            var notes = await Process.Completions.Read(Ledger.Name, unknown, MostNotes).ConfigureAwait(false);
            if (notes.Count == 0)
            {
                return taken > 0;
            }

            var known = (
                await store.Known([.. notes.Select(note => note.Jid)], cancellationToken).ConfigureAwait(false)
            ).ToHashSet(StringComparer.Ordinal);
            await End(
                    notes.Where(note => !note.IsDead && known.Contains(note.Jid)).Select(note => note.Jid),
                    cancellationToken
                )
                .ConfigureAwait(false);
            await Died(
                    notes.Where(note => note.IsDead && known.Contains(note.Jid)).Select(note => note.Jid),
                    cancellationToken
                )
                .ConfigureAwait(false);

            var tooOld = clock.GetUtcNow() - noteMemory;
            var done = notes.Where(note => known.Contains(note.Jid) || note.At < tooOld).ToList();
            if (done.Count > 0)
            {
                await Process.Completions.Remove(Ledger.Name, done).ConfigureAwait(false);
            }

            (taken, unknown) = (taken + done.Count, unknown + notes.Count - done.Count);
        }
    }

    /// True when there may be more to look for.
    async Task<bool> Look(CancellationToken cancellationToken)
    {
        var due = await store.DueForLook(Now(), MostLooks, cancellationToken).ConfigureAwait(false);
        var isFull = due.Count == MostLooks;
        if (due.Count == 0)
        {
            return false;
        }

        var found = await Process.Search.Find([.. due.Select(row => row.Jid)], cancellationToken).ConfigureAwait(false);

        // In a large Redis the look took longer than the lease: then another keeper decides.
        if (!await Keep(cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        // Some may have been completed while we looked elsewhere.
        await TakeNotes(cancellationToken).ConfigureAwait(false);
        var known = (
            await store.Known([.. due.Select(row => row.Jid)], cancellationToken).ConfigureAwait(false)
        ).ToHashSet(StringComparer.Ordinal);
        due.RemoveAll(row => !known.Contains(row.Jid));

        var (lost, others) = Split(due, row => !found.ContainsKey(row.Jid));
        var (missedTwice, missedOnce) = Split(lost, row => row.Missed is not null);
        var (givenUp, pushed) = Split(missedTwice, row => row.PushedAgain >= MostPushes);
        var (dead, alive) = Split(others, row => found[row.Jid]);

        await Died(Ids(dead), cancellationToken).ConfigureAwait(false);
        await Looked(alive, options.Grace, isMissed: false, cancellationToken).ConfigureAwait(false);
        await Looked(missedOnce, options.LookAgain, isMissed: true, cancellationToken).ConfigureAwait(false);
        await GiveUp(givenUp, cancellationToken).ConfigureAwait(false);
        await PushAgain(pushed, cancellationToken).ConfigureAwait(false);

        return isFull;
    }

    async Task PushAgain(List<OutboxLedger> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var now = clock.GetUtcNow();
        await store.PushAgain(Ids(rows), Now() + options.Grace, cancellationToken).ConfigureAwait(false);
        foreach (var row in rows.Where(row => row.Due is { } due && StagedMessage.Utc(due) > now))
        {
            await Process
                .Schedule(JobLedger.Json(row), StagedMessage.Utc(row.Due!.Value), JobLedger.TokenOf(row))
                .ConfigureAwait(false);
        }

        var queues = rows.Where(row => row.Due is not { } due || StagedMessage.Utc(due) <= now)
            .GroupBy(row => row.Queue, StringComparer.Ordinal);
        foreach (var queue in queues)
        {
            var jobs = queue
                .OrderBy(row => row.SentAt)
                .Select(row => JobLedger.Pushed(row, now, host.Settings.TimeFormat));
            await Process.Jobs.PushBulk(queue.Key, [.. jobs]).ConfigureAwait(false);
        }

        log.PushedAgain(rows.Count);
    }

    /// Kept whatever KeepDead says: a person should see them.
    async Task GiveUp(List<OutboxLedger> rows, CancellationToken cancellationToken)
    {
        if (rows.Count > 0)
        {
            await store.Bury(Ids(rows), Now(), cancellationToken).ConfigureAwait(false);
            log.GivenUp(rows.Count, rows[0].Queue);
        }
    }

    Task End(IEnumerable<string> jids, CancellationToken cancellationToken) =>
        jids.ToArray() is { Length: > 0 } ended ? store.Forget(ended, cancellationToken) : Task.CompletedTask;

    Task Died(IEnumerable<string> jids, CancellationToken cancellationToken) =>
        jids.ToArray() is not { Length: > 0 } dead ? Task.CompletedTask
        : options.KeepDead ? store.Bury(dead, Now(), cancellationToken)
        : store.Forget(dead, cancellationToken);

    Task Looked(List<OutboxLedger> rows, TimeSpan until, bool isMissed, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return Task.CompletedTask;
        }

        var now = Now();
        return store.Looked(Ids(rows), now + until, isMissed ? now : null, cancellationToken);
    }

    static string[] Ids(IEnumerable<OutboxLedger> rows) => [.. rows.Select(row => row.Jid)];

    static (List<OutboxLedger> Yes, List<OutboxLedger> No) Split(
        IEnumerable<OutboxLedger> rows,
        Func<OutboxLedger, bool> isYes
    )
    {
        var sides = rows.ToLookup(isYes);
        return ([.. sides[true]], [.. sides[false]]);
    }

    DateTime Now() => clock.GetUtcNow().UtcDateTime;
}
