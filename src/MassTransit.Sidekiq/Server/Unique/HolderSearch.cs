using System.Collections.Concurrent;

namespace MassTransit.Sidekiq;

/// <summary>
/// Whether the holders of locks still exist: Ruby ends a job without releasing its lock, and may lose it.
/// 1. Asked only when a lock is in the way. Looks everywhere, at 1 µs for each job of this Redis, and until all are found.
/// 2. One search at a time, and at most a tenth of the time: whoever asks meanwhile gets no for an answer, so that a stream of
///    conflicts costs a bounded share of Redis.
/// 3. A job that has just been moved may be missed, so it must be missed twice; where a Ruby process runs, which reports what
///    it has taken only within ten seconds, the second time must be that much later.
/// </summary>
internal sealed class HolderSearch(JobSearch jobs, TimeProvider clock)
{
    const int Share = 10;
    const int MostMissed = 1000;

    static readonly TimeSpan untilRubyReports = TimeSpan.FromSeconds(12);

    readonly ConcurrentDictionary<string, DateTimeOffset> missed = new(StringComparer.Ordinal);
    long nextTicks;
    int isSearching;

    // Those that exist nowhere but in the dead set.
    public async Task<IReadOnlyCollection<string>> Gone(IReadOnlyCollection<string> jids)
    {
        if (clock.GetUtcNow().Ticks < Volatile.Read(ref nextTicks) || Interlocked.Exchange(ref isSearching, 1) == 1)
        {
            return [];
        }

        var began = clock.GetUtcNow();
        try
        {
            var gone = await Missing(await Missing(jids).ConfigureAwait(false)).ConfigureAwait(false);
            return gone.Count > 0 && await jobs.HasOtherProcesses().ConfigureAwait(false)
                ? [.. gone.Where(jid => IsMissedLong(jid, began))]
                : gone;
        }
        finally
        {
            var end = clock.GetUtcNow();
            Volatile.Write(ref nextTicks, (end + ((end - began) * (Share - 1))).Ticks);
            Volatile.Write(ref isSearching, 0);
        }
    }

    async Task<IReadOnlyCollection<string>> Missing(IReadOnlyCollection<string> jids)
    {
        if (jids.Count == 0)
        {
            return jids;
        }

        var found = await jobs.Find(jids, CancellationToken.None).ConfigureAwait(false);
        return [.. jids.Where(jid => !found.TryGetValue(jid, out var isDead) || isDead)];
    }

    bool IsMissedLong(string jid, DateTimeOffset now)
    {
        if (missed.Count >= MostMissed)
        {
            missed.Clear();
        }

        if (now - missed.GetOrAdd(jid, now) < untilRubyReports)
        {
            return false;
        }

        missed.TryRemove(jid, out _);
        return true;
    }
}
