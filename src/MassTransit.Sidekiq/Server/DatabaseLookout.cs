using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// Looks once, when a process starts, whether Ruby uses another database of the same Redis: both sides work then, and never meet.
internal sealed class DatabaseLookout(RedisStores stores, ILogger logger)
{
    // A server with queues in more databases is shared by many applications, where a hint would be noise.
    const int Most = 3;

    public async Task Look()
    {
        try
        {
            var others = await stores.Databases.OthersWithQueues().ConfigureAwait(false);
            if (others.Count is > 0 and <= Most && (await stores.Inspection.Queues().ConfigureAwait(false)).Count == 0)
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
