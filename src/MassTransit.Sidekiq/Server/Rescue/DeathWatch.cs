using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

/// <summary>
/// Finds killed processes long before their leases end: Redis knows at once that the connections of a dead process are closed.
/// 1. One process watches on behalf of all. The others ask once a second whether its connection is open, and more seldom when there
///    are more than twenty (`Fleet`); the first to find it closed takes over.
/// 2. The watcher asks twice a second which connections are open, one of each lease. It looks at the leases themselves every five
///    seconds, so it may miss a process that lived for less, and at once when a connection is missing.
/// 3. A process none of whose connections has been open for two seconds, and which has not renewed its lease in that time, is
///    dead, and its lease is ended. A process that only reconnects names its new connection by then; one behind a proxy, whose
///    connections are not its own, renews its lease.
/// A process that is frozen, starved or cut off keeps its connections in Redis. It is dead when its lease ends, like any process
/// where Redis does not allow CLIENT LIST: such a process asks for it again once a minute, and leaves the watch to any that is told.
/// </summary>
internal sealed class DeathWatch
{
    readonly WatchStore store;
    readonly Fleet fleet;
    readonly TimeSpan lease;
    readonly TimeProvider clock;
    readonly ILogger logger;
    readonly TimeSpan grace;
    readonly Dictionary<string, Suspect> suspects = new(StringComparer.Ordinal);
    IReadOnlyList<ProcessLease> known = [];
    string watcher = "";
    long toldAt;
    long? refusedAt;

    public DeathWatch(WatchStore store, Fleet fleet, TimeSpan lease, TimeProvider clock, ILogger logger)
    {
        (this.store, this.fleet, this.lease, this.clock, this.logger) = (store, fleet, lease, clock, logger);
        grace = lease * 2 / 15;
    }

    // How soon to ask again.
    public TimeSpan Interval =>
        (IsBlind, store.IsOurs(watcher), known.Count) switch
        {
            (true, _, _) or (_, true, 0) => lease / 3,
            (_, true, _) => lease / 30,
            _ => fleet.Pause(lease / 15, lease / 300),
        };

    bool IsBlind => refusedAt is { } since && clock.GetElapsedTime(since) < lease * 4;

    // Whether this process watches. Its turn lasts longer than it takes to ask again, and no longer than that when it freezes.
    public async Task<bool> Take()
    {
        var left = "";
        if (store.IsOurs(watcher))
        {
            if (clock.GetElapsedTime(toldAt) < lease / 10)
            {
                return true;
            }
        }
        else if (WatchStore.ConnectionOf(watcher) is not { } connection)
        {
            // It is not told who is dead, or nobody could tell that it is dead itself.
            left = IsBlind || !store.KnowsItself ? "" : watcher;
        }
        else if (await Open([connection]).ConfigureAwait(false) is { } open)
        {
            if (open.Count > 0 && clock.GetElapsedTime(toldAt) < lease / 3)
            {
                return false;
            }

            left = open.Count > 0 ? "" : watcher;
        }

        watcher = await store.Watch(lease / 2, left, isTold: !IsBlind).ConfigureAwait(false);
        toldAt = clock.GetTimestamp();
        return store.IsOurs(watcher);
    }

    // The queues of processes without a lease.
    public async Task<IReadOnlyList<Orphan>> Look() => (await Read(withTimes: false).ConfigureAwait(false)).Orphans;

    // Ends the leases of the processes that are dead. True when there were any.
    public async Task<bool> EndLeases()
    {
        var named = known.Where(process => process.Connections.Length > 0).ToList();
        if (await Open([.. named.Select(process => process.Connections[0])]).ConfigureAwait(false) is not { } open)
        {
            return false;
        }

        if (named.TrueForAll(process => open.Contains(process.Connections[0])))
        {
            suspects.Clear();
            return false;
        }

        var missing = (await Read(withTimes: true).ConfigureAwait(false))
            .Leases.Where(process => process.Connections is [var first, ..] && !open.Contains(first))
            .ToList();
        if (await Open([.. missing.SelectMany(process => process.Connections)]).ConfigureAwait(false) is not { } any)
        {
            return false;
        }

        return await End([.. missing.Where(process => !process.Connections.Any(any.Contains))]).ConfigureAwait(false);
    }

    // After an outage nothing that was seen before counts.
    public void Forget() => (watcher, known) = ("", []);

    async Task<bool> End(IReadOnlyList<ProcessLease> gone)
    {
        foreach (var identity in suspects.Keys.Where(known => gone.All(process => process.Identity != known)).ToList())
        {
            suspects.Remove(identity);
        }

        var ended = false;
        foreach (var process in gone)
        {
            if (
                !suspects.TryGetValue(process.Identity, out var suspect)
                || suspect.HasRenewed(process, MostLeft(suspect))
            )
            {
                suspects[process.Identity] = new Suspect(process, clock.GetTimestamp());
            }
            else if (clock.GetElapsedTime(suspect.Since) >= grace)
            {
                ended |= await store.End(process, MostLeft(suspect)).ConfigureAwait(false);
                suspects.Remove(process.Identity);
            }
        }

        return ended;
    }

    // A lease that has more left was renewed: a renewal adds what has passed since the one before.
    TimeSpan MostLeft(Suspect suspect) => suspect.Lease.Left - clock.GetElapsedTime(suspect.Since) + (lease / 30);

    async Task<(IReadOnlyList<Orphan> Orphans, IReadOnlyList<ProcessLease> Leases)> Read(bool withTimes)
    {
        var seen = await store.Look(withTimes).ConfigureAwait(false);
        known = seen.Leases;
        return seen;
    }

    // Null when Redis does not tell.
    async Task<HashSet<long>?> Open(IReadOnlyCollection<long> connections)
    {
        if (IsBlind)
        {
            return null;
        }

        try
        {
            var open = await store.Open(connections).ConfigureAwait(false);
            if (refusedAt is not null && connections.Count > 0)
            {
                refusedAt = null;
                logger.DeathsSeen();
            }

            return open;
        }
        catch (SidekiqRedisException refused)
        {
            if (refusedAt is null)
            {
                logger.DeathsUnseen(lease.TotalSeconds, RedisErrors.Cause(refused));
            }

            refusedAt = clock.GetTimestamp();
            return null;
        }
    }

    sealed record Suspect(ProcessLease Lease, long Since)
    {
        public bool HasRenewed(ProcessLease now, TimeSpan mostLeft) => now.Text != Lease.Text || now.Left > mostLeft;
    }
}
