using System.Collections.Concurrent;

namespace MassTransit.Sidekiq;

// Keeps this process alive in Redis: renews its lease, and with it everything that lives as long as the process.
internal sealed class LeaseKeeper
{
    readonly RedisConnection redis;
    readonly LeaseStore leases;
    readonly TemporaryQueues temporary;
    readonly TimeSpan lease;
    readonly ConcurrentDictionary<Uri, Func<Task>> subscribers = new();
    bool isSecond;

    public LeaseKeeper(
        RedisConnection redis,
        LeaseStore leases,
        TemporaryQueues temporary,
        TimeSpan lease,
        TimeProvider clock
    )
    {
        (this.redis, this.leases, this.temporary, this.lease) = (redis, leases, temporary, lease);
        Loop = new BackgroundLoop("Lease", Cycle, clock);
    }

    public BackgroundLoop Loop { get; }

    // A missing lease has expired, because this process was suspended, or was deleted with everything else in Redis (FLUSHALL,
    // which breaks no connection). The two cannot be distinguished, so the subscriptions are declared again.
    public async Task Renew()
    {
        if (!await leases.Renew(lease).ConfigureAwait(false) && !subscribers.IsEmpty)
        {
            redis.Emptied();
            await Task.WhenAll(subscribers.Values.Select(subscribe => subscribe())).ConfigureAwait(false);
        }
    }

    // `subscribe` is called again when Redis may have been emptied.
    public void KeepSubscribed(Uri endpoint, Func<Task> subscribe) => subscribers[endpoint] = subscribe;

    public void RemoveSubscriber(Uri endpoint) => subscribers.TryRemove(endpoint, out _);

    async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        await Renew().ConfigureAwait(false);
        // They live for minutes, and each costs more than the lease.
        if (!isSecond)
        {
            await temporary.Renew().ConfigureAwait(false);
        }

        isSecond = !isSecond;
        return lease / 10;
    }
}
