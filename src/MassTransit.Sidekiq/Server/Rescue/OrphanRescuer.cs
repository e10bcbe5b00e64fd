namespace MassTransit.Sidekiq;

/// <summary>
/// Rescues the jobs of dead processes. A process is alive while its lease key exists.
/// 1. One process at a time (DeathWatch) looks on behalf of all for owners of claimed jobs whose lease has ended: when it has ended
///    the leases of dead processes itself, and three times in the length of a lease.
/// 2. Return their jobs to the head of their queues, so that the oldest runs next, at most 100 per script.
/// 3. A job that is rescued for the third time within 72 hours goes to the dead set: it probably kills its worker.
/// Two processes may rescue from the same owner: each script moves the jobs still there, so a job is moved once.
/// During an outage no process can renew its lease, so for the duration of a lease after it no process is considered dead.
/// </summary>
internal sealed class OrphanRescuer
{
    readonly RedisConnection redis;
    readonly LeaseStore leases;
    readonly DeathWatch watch;
    readonly JobDeaths deaths;
    readonly TimeProvider clock;
    readonly TimeSpan lease;
    long? lookedAt;

    public OrphanRescuer(RedisStores stores, JobDeaths deaths, Fleet fleet, TimeProvider clock, TimeSpan lease)
    {
        (redis, leases) = (stores.Redis, stores.Leases);
        (this.deaths, this.clock, this.lease) = (deaths, clock, lease);
        watch = new DeathWatch(stores.Watch, fleet, lease, clock, redis.Logger);
        Loop = new BackgroundLoop("Rescue of orphaned jobs", Cycle, clock);
    }

    public BackgroundLoop Loop { get; }

    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        if (redis.SinceBack < lease)
        {
            watch.Forget();
            return lease / 3;
        }

        if (!await watch.Take().ConfigureAwait(false))
        {
            lookedAt = null;
            return watch.Interval;
        }

        // A process that has just taken over looks first, so that it knows whom to watch.
        if (lookedAt is not { } last || clock.GetElapsedTime(last) >= lease / 3)
        {
            await RescueAll(cancellationToken).ConfigureAwait(false);
        }

        if (await watch.EndLeases().ConfigureAwait(false))
        {
            await RescueAll(cancellationToken).ConfigureAwait(false);
        }

        return lookedAt is null ? TimeSpan.Zero : watch.Interval;
    }

    async Task RescueAll(CancellationToken cancellationToken)
    {
        var orphans = await watch.Look().ConfigureAwait(false);
        // There may be more.
        lookedAt = orphans.Count < WatchStore.MostOrphans ? clock.GetTimestamp() : null;
        Exception? refusal = null;
        foreach (var orphan in orphans)
        {
            try
            {
                await Rescue(orphan, cancellationToken).ConfigureAwait(false);
            }
            catch (SidekiqRedisException refused)
            {
                // The refusal concerns only this queue. The jobs of the others do not wait for it.
                refusal ??= refused;
            }
        }

        if (refusal is not null)
        {
            throw refusal;
        }
    }

    async Task Rescue(Orphan orphan, CancellationToken cancellationToken)
    {
        var (rescued, poison) = (0, new List<byte[]>());
        RescueResult moved;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            moved = await leases.Rescue(orphan, clock.GetUtcNow()).ConfigureAwait(false);
            rescued += moved.Rescued;
            poison.AddRange(moved.Poison);
        } while (moved.Left > 0 && moved.Refusal.Length == 0);

        SidekiqMeter.CountRescued(rescued, poison.Count);
        if (rescued > 0)
        {
            LogContext.Warning?.Log(
                "Rescued {Count} jobs of the dead process {Identity}: they are back in queue {Queue}",
                rescued,
                orphan.Identity,
                orphan.Queue
            );
        }

        if (poison.Count > 0)
        {
            LogContext.Error?.Log(
                "Buried {Count} jobs of queue {Queue}: each was held by three processes that died within 72 hours",
                poison.Count,
                orphan.Queue
            );
        }

        foreach (var job in poison)
        {
            await deaths.Tell(job, orphan.Queue, new PoisonJobException(orphan.Queue)).ConfigureAwait(false);
        }

        if (moved.Refusal.Length > 0)
        {
            throw redis.Refused(
                $"rescue of {moved.Left} jobs of the dead process {orphan.Identity} to queue:{orphan.Queue}",
                moved.Refusal
            );
        }
    }
}
