using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

/// <summary>
/// Updates the ledger with the outcome of its jobs. One process does it at a time, under a lease in Redis.
/// 1. Take the lease and read the epoch. A new epoch means that Redis lost its data: every open row is looked for now.
/// 2. Take the records that consumers left: completed rows are deleted, dead ones marked or deleted. First the rows, then
///   the records: a kill in between repeats it. A record without a row stays a while, since the relay may not have committed yet.
/// 3. Look for jobs that should have been completed by now. Found: look again after the grace time. Dead: as above.
/// 4. Not found, nor by a look some seconds earlier: push it again, with the same id. The row is written first, so
///   that a kill leaves the push to the look after the next grace time, and never two pushes for one look.
/// 5. A job that was pushed again five times is given up: its worker does not report, or dies of it. A row that does not hold
///   a job is given up at once.
/// Jobs of older versions name the ledger by the context alone; records under that name are taken too, as far as their ids
/// are known here, since another service may have a context of that name.
/// A job may run twice (at-least-once); the inbox gives it exactly-once effects.
/// </summary>
internal sealed class LedgerKeeper<TDbContext>(
    LedgerStore<TDbContext> store,
    OutboxSettings<TDbContext> settings,
    OutboxLog<TDbContext> log,
    BusRuntime runtime,
    TimeProvider clock
)
    where TDbContext : DbContext
{
    const int MostNotes = 1000;

    // Each look reads all of Redis, so one look covers many jobs.
    const int MostLooks = 10_000;

    // A worker that never reports would run its jobs again forever.
    const int MostPushes = 5;

    static readonly TimeSpan lease = TimeSpan.FromSeconds(30);
    static readonly TimeSpan busyPause = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan noteMemory = TimeSpan.FromMinutes(10);
    static readonly TimeSpan sharedNoteMemory = TimeSpan.FromDays(7);

    readonly SidekiqLedgerOptions options = settings.Options.Ledger!;
    JobLedger? ledger;
    string? epoch;
    string? begunEpoch;

    SidekiqProcess Process => runtime.Process;

    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        var kept = await Ledger(cancellationToken).ConfigureAwait(false);
        if (!await Keep(kept, cancellationToken).ConfigureAwait(false))
        {
            return settings.Options.PollInterval;
        }

        var hasNotes = await TakeNotes(kept, cancellationToken).ConfigureAwait(false);
        var hasLooked = await Look(kept, cancellationToken).ConfigureAwait(false);
        var pause = TimeSpan.FromTicks(Math.Min(settings.Options.PollInterval.Ticks, options.LookAgain.Ticks));

        return hasNotes || hasLooked ? busyPause : pause;
    }

    // How the relay records what it pushes.
    public async Task<LedgerTerms> Terms(CancellationToken cancellationToken)
    {
        var kept = await Ledger(cancellationToken).ConfigureAwait(false);
        if (epoch is null)
        {
            (_, epoch) = await Ask(Process.Stores.Completions.Keep(kept.Name, lease), cancellationToken)
                .ConfigureAwait(false);
        }

        return new LedgerTerms(options.Grace, epoch, kept);
    }

    async Task<JobLedger> Ledger(CancellationToken cancellationToken) =>
        ledger ??= new JobLedger(await store.Name(cancellationToken).ConfigureAwait(false));

    async Task<bool> Keep(JobLedger kept, CancellationToken cancellationToken)
    {
        (var isKeeper, epoch) = await Ask(Process.Stores.Completions.Keep(kept.Name, lease), cancellationToken)
            .ConfigureAwait(false);
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

    async Task<bool> TakeNotes(JobLedger kept, CancellationToken cancellationToken)
    {
        var taken = await TakeNotes(kept.Name, noteMemory, cancellationToken).ConfigureAwait(false);
        var shared = await TakeNotes(settings.Name, sharedNoteMemory, cancellationToken).ConfigureAwait(false);

        return taken || shared;
    }

    async Task<bool> TakeNotes(string name, TimeSpan memory, CancellationToken cancellationToken)
    {
        var (taken, unknown) = (0, 0);
        while (true)
        {
            var notes = await Ask(Process.Stores.Completions.Read(name, unknown, MostNotes), cancellationToken)
                .ConfigureAwait(false);
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

            var tooOld = clock.GetUtcNow() - memory;
            var done = notes.Where(note => known.Contains(note.Jid) || note.At < tooOld).ToList();
            if (done.Count > 0)
            {
                await Ask(Process.Stores.Completions.Remove(name, done), cancellationToken).ConfigureAwait(false);
            }

            (taken, unknown) = (taken + done.Count, unknown + notes.Count - done.Count);
        }
    }

    // True when there may be more to look for.
    async Task<bool> Look(JobLedger kept, CancellationToken cancellationToken)
    {
        var (due, unreadable) = await store.DueForLook(Now(), MostLooks, cancellationToken).ConfigureAwait(false);
        var isFull = due.Count + unreadable.Count == MostLooks;
        await SetAside(unreadable, cancellationToken).ConfigureAwait(false);
        if (due.Count == 0)
        {
            return isFull;
        }

        var found = await Process
            .Stores.Search.Find([.. due.Select(row => row.Jid)], cancellationToken)
            .ConfigureAwait(false);

        // In a large Redis the look took longer than the lease: then another keeper decides.
        if (!await Keep(kept, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        // Some may have been completed while we looked elsewhere.
        await TakeNotes(kept, cancellationToken).ConfigureAwait(false);
        var known = (
            await store.Known([.. due.Select(row => row.Jid)], cancellationToken).ConfigureAwait(false)
        ).ToHashSet(StringComparer.Ordinal);
        due.RemoveAll(row => !known.Contains(row.Jid));

        var (lost, others) = Split(due, row => !found.ContainsKey(row.Jid));
        var (missedTwice, missedOnce) = Split(lost, row => row.Missed is not null);
        var (jobs, noJobs) = Split(missedTwice, JobLedger.HoldsJob);
        var (givenUp, pushed) = Split(jobs, row => row.PushedAgain >= MostPushes);
        var (dead, alive) = Split(others, row => found[row.Jid]);

        await Died(Ids(dead), cancellationToken).ConfigureAwait(false);
        await Looked(alive, options.Grace, isMissed: false, cancellationToken).ConfigureAwait(false);
        await Looked(missedOnce, options.LookAgain, isMissed: true, cancellationToken).ConfigureAwait(false);
        await SetAside([.. Ids(noJobs)], cancellationToken).ConfigureAwait(false);
        await GiveUp(givenUp, cancellationToken).ConfigureAwait(false);
        await PushAgain(pushed, cancellationToken).ConfigureAwait(false);

        return isFull;
    }

    // A queue that refuses its jobs does not block the others: they are tried again after the grace time, five times.
    async Task PushAgain(List<OutboxLedger> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var now = clock.GetUtcNow();
        var pushed = 0;
        await store.PushAgain(Ids(rows), Now() + options.Grace, cancellationToken).ConfigureAwait(false);
        foreach (var row in rows.Where(row => row.Due is { } due && Utc.Of(due) > now))
        {
            var due = Utc.Of(row.Due!.Value);
            pushed += await Pushed(1, row.Queue, Process.Schedule(JobLedger.Json(row), due, JobLedger.TokenOf(row)))
                .ConfigureAwait(false);
        }

        var queues = rows.Where(row => row.Due is not { } due || Utc.Of(due) <= now)
            .GroupBy(row => row.Queue, StringComparer.Ordinal);
        foreach (var queue in queues)
        {
            var jobs = queue
                .OrderBy(row => row.SentAt)
                .Select(row => JobLedger.Pushed(row, now, runtime.TimeFormat))
                .ToList();
            pushed += await Pushed(jobs.Count, queue.Key, Process.Stores.Jobs.PushBulk(queue.Key, jobs))
                .ConfigureAwait(false);
        }

        if (pushed > 0)
        {
            log.PushedAgain(pushed);
        }
    }

    async Task<int> Pushed(int jobs, string queue, Task push)
    {
        try
        {
            await push.ConfigureAwait(false);
            return jobs;
        }
        catch (Exception fault) when (RedisErrors.FailureOf(fault) == StepFailure.OfTheStep)
        {
            log.NotPushedAgain(fault, jobs, queue);
            return 0;
        }
    }

    async Task SetAside(List<string> jids, CancellationToken cancellationToken)
    {
        if (jids.Count > 0)
        {
            await store.Bury(jids, Now(), cancellationToken).ConfigureAwait(false);
            log.LedgerUnreadable(jids.Count, jids[0]);
        }
    }

    // Kept even without KeepDead: the operator should see them.
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

    // A late answer from Redis is not awaited when the bus stops.
    static Task<T> Ask<T>(Task<T> answer, CancellationToken cancellationToken) => answer.WaitAsync(cancellationToken);

    static Task Ask(Task answer, CancellationToken cancellationToken) => answer.WaitAsync(cancellationToken);

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
