using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The locks of unique jobs: each holds the jid of one job, and ends with it.
internal sealed class LockStore(RedisConnection redis, RedisKeys keys)
{
    // Within a reasonable time in the script.
    const int MostLocks = 1000;

    public Task Release(string name, string jid) => redis.Working.Run(Script.ReleaseLock, [keys.Unique(name)], [jid]);

    public async Task Keep(IReadOnlyList<JobLock> locks, TimeSpan life)
    {
        foreach (var slice in locks.Chunk(MostLocks))
        {
            await redis
                .Working.Run(
                    Script.KeepLocks,
                    [.. slice.Select(held => keys.Unique(held.Name))],
                    [(long)life.TotalMilliseconds, .. slice.Select(held => (RedisValue)held.Jid)]
                )
                .ConfigureAwait(false);
        }
    }
}
