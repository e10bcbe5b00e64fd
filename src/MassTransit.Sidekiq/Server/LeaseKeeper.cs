using System.Collections.Concurrent;

namespace MassTransit.Sidekiq;

// Keeps this process alive in Redis: its lease, and with each renewal what lives as long as the process does.
internal sealed class LeaseKeeper
{
    readonly RedisConnection redis;
    readonly LeaseStore leases;
    readonly TemporaryQueues temporary;
    readonly TimeSpan lease;
    readonly ConcurrentDictionary<Uri, Func<Task>> subscribers = new();

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

    // A lease that is gone has ended, because this process stood still, or went with everything else in Redis (FLUSHALL, which
    // breaks no connection). Which of the two cannot be told, so what was declared is declared again.
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
        await temporary.Renew().ConfigureAwait(false);
        return lease / 5;
    }
}
