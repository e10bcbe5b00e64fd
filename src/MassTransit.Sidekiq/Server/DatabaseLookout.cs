using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// Looks once, when a process starts, whether Ruby uses another database of the same Redis: both sides work then, and never meet.
internal sealed class DatabaseLookout(RedisStores stores, ILogger logger)
{
    public async Task Look()
    {
        try
        {
            var others = await stores.Databases.OthersWithQueues().ConfigureAwait(false);
            if (others.Count > 0 && (await stores.Inspection.Queues().ConfigureAwait(false)).Count == 0)
            {
                logger.QueuesElsewhere(stores.Databases.Own, stores.Redis.Settings.Address, string.Join(", ", others));
            }
        }
        catch (Exception fault) when (fault is ConnectionException or SidekiqRedisException)
        {
            // Only advice is lost: the connection reports an outage, the endpoints a refusal.
        }
    }
}
