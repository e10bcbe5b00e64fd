namespace MassTransit.Sidekiq;

/// <summary>
/// A process is alive while its lease key exists.
/// 1. Every cycle, ask which owners of claimed jobs have no lease any more. One process looks for all of them.
/// 2. Move their jobs back to the head of their queues, so that the oldest runs next, at most 100 a script.
/// 3. A job met this way three times within 72 hours goes to the dead set: it probably kills its worker.
/// Two rescuers may meet on one owner: each script moves what is still there, so a job is moved once.
/// While Redis was away nobody could renew a lease, so for as long as one lasts after its return nobody is taken for dead.
/// </summary>
internal sealed class OrphanRescuer
{
    readonly RedisConnection redis;
    readonly LeaseStore leases;
    readonly JobDeaths deaths;
    readonly TimeProvider clock;
    readonly TimeSpan lease;

    public OrphanRescuer(RedisConnection redis, LeaseStore leases, JobDeaths deaths, TimeProvider clock, TimeSpan lease)
    {
        (this.redis, this.leases, this.deaths, this.clock, this.lease) = (redis, leases, deaths, clock, lease);
        Loop = new BackgroundLoop("Rescue of orphaned jobs", Cycle, clock);
    }

    public BackgroundLoop Loop { get; }

    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        var interval = lease / 3;
        if (redis.SinceBack < lease)
        {
            return interval;
        }

        // A little less than the interval, so that the one who looks finds its turn over when it looks again.
        var orphans = await leases.FindOrphans(lease / 4).ConfigureAwait(false);
        Exception? refusal = null;
        foreach (var orphan in orphans)
        {
            try
            {
                await Rescue(orphan, cancellationToken).ConfigureAwait(false);
            }
            catch (SidekiqRedisException refused)
            {
                // It concerns this queue. The others' jobs do not wait for it.
                refusal ??= refused;
            }
        }

        return refusal is null ? interval : throw refusal;
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
                "Buried {Count} jobs of queue {Queue}: each was in the hands of three processes that died within 72 hours",
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
