using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// A unique job about to be stored: pushed to its queue, or scheduled.
internal sealed record UniquePush(string Queue, string Class, string Jid, byte[] Json, UniqueJob Job)
{
    public DateTimeOffset? Due { get; init; }

    public Guid? Token { get; init; }

    public string Lock => JobLock.NameOf(Queue, Class, Job.Digest);
}

// The locks of unique jobs: each holds the jid of one job, and ends with it.
internal sealed class LockStore(RedisConnection redis, RedisKeys keys)
{
    // Within a reasonable time in the script.
    const int MostLocks = 1000;

    // Null when the job was stored; else the jid of the holder, "" where another client does not tell.
    public async Task<string?> Push(UniquePush push)
    {
        var (target, beside) = Places(push);
        var holder = await redis
            .Sending.Run(Script.PushUnique, [keys.Unique(push.Lock), target, beside], Arguments(push))
            .ConfigureAwait(false);
        redis.Refusals.Passed();
        return (string?)holder;
    }

    // False when the other job has left the scheduled set or its lock.
    public async Task<bool> Replace(UniquePush push, byte[] member, string holder)
    {
        var (target, beside) = Places(push);
        var replaced = await redis
            .Sending.Run(
                Script.ReplaceUnique,
                [keys.Unique(push.Lock), keys.Schedule, target, beside],
                [.. Arguments(push), member, holder]
            )
            .ConfigureAwait(false);
        return (int)replaced == 1;
    }

    public Task Release(string name, string jid) => redis.Working.Run(Script.ReleaseLock, [keys.Unique(name)], [jid]);

    // False when the claim is gone.
    public async Task<bool> End(Delivery delivery, JobLock held) =>
        (int)
            await redis
                .Working.Run(
                    Script.EndUnique,
                    [keys.Queue(delivery.Queue).Working, keys.Unique(held.Name)],
                    [delivery.Number, held.Jid]
                )
                .ConfigureAwait(false) == 1;

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

    // False when it has left the set.
    public Task<bool> Remove(DueSet set, byte[] member, JobLock held) =>
        Remove(keys.Of(set), member, held, isQueue: false);

    // False when a worker has taken it.
    public Task<bool> Remove(string queue, byte[] job, JobLock held) =>
        Remove(keys.Queue(queue).List, job, held, isQueue: true);

    async Task<bool> Remove(RedisKey key, byte[] job, JobLock held, bool isQueue) =>
        (int)
            await redis
                .Working.Run(Script.RemoveUnique, [key, keys.Unique(held.Name)], [job, held.Jid, isQueue ? 1 : 0])
                .ConfigureAwait(false) == 1;

    (RedisKey Target, RedisKey Beside) Places(UniquePush push) =>
        push.Due is null ? (keys.Queue(push.Queue).List, keys.Queues)
        : push.Token is { } token ? (keys.Schedule, keys.Token(token))
        : (keys.Schedule, "");

    RedisValue[] Arguments(UniquePush push) =>
        [
            push.Json,
            push.Jid,
            (long)push.Job.LifeFrom(redis.Clock.GetUtcNow(), push.Due).TotalMilliseconds,
            push.Due is { } due ? Score.From(due) : "",
            push.Due is { } end ? JobValue.TokenEnd(end) : push.Queue,
        ];
}
