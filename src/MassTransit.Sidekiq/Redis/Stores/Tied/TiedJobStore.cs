using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// Jobs with something tied to them: the lock of a unique one, the place of one in a batch. Each begins and ends with its job. A test
// harness without Redis ties nothing.
internal class TiedJobStore(RedisConnection redis, RedisKeys keys)
{
    // Null when the job was stored; else the jid of the holder of its lock, "" where another client does not tell.
    // Throws BatchEndedException.
    public virtual async Task<string?> Push(TiedPush push)
    {
        var (target, beside) = Places(push);
        var answer = await redis
            .Sending.Run(
                Script.PushTied,
                [push.Unique is null ? "" : keys.Unique(push.Lock), target, beside, keys.BatchOrNone(push.Batch)],
                Arguments(push)
            )
            .ConfigureAwait(false);
        redis.Refusals.Passed();
        return answer.Resp2Type == ResultType.Integer ? throw new BatchEndedException(push.Batch!) : (string?)answer;
    }

    // False when the other job has left the scheduled set or its lock.
    public async Task<bool> Replace(TiedPush push, SidekiqJob held)
    {
        var (target, beside) = Places(push);
        var replaced = await redis
            .Sending.Run(
                Script.ReplaceTied,
                [
                    keys.Unique(push.Lock),
                    keys.Schedule,
                    target,
                    beside,
                    keys.BatchOrNone(push.Batch),
                    keys.BatchOrNone(held.BatchId),
                ],
                [.. Arguments(push), JobValue.Of(held.Json), held.Jid]
            )
            .ConfigureAwait(false);
        return (int)replaced == 1;
    }

    // False when the claim is gone. `stateOf` is the jid of a job that iterates or was cancelled: its state ends with it.
    public async Task<bool> End(Delivery delivery, JobTies ties, BatchOutcome outcome, string? stateOf = null)
    {
        RedisKey[] touched = [keys.Queue(delivery.Queue).Working, .. keys.Of(ties)];
        return (int)
                await redis
                    .Working.Run(
                        Script.EndTied,
                        stateOf is null ? touched : [.. touched, keys.Iteration(stateOf)],
                        [delivery.Number, ties.Jid, outcome.Name(), Score.From(redis.Clock.GetUtcNow())]
                    )
                    .ConfigureAwait(false) == 1;
    }

    // False when it has left the set.
    public Task<bool> Remove(DueSet set, byte[] member, JobTies ties) =>
        Remove(keys.Of(set), member, ties, isQueue: false);

    // False when a worker has taken it.
    public Task<bool> Remove(string queue, byte[] job, JobTies ties) =>
        Remove(keys.Queue(queue).List, job, ties, isQueue: true);

    async Task<bool> Remove(RedisKey key, byte[] job, JobTies ties, bool isQueue) =>
        (int)
            await redis
                .Working.Run(
                    Script.RemoveTied,
                    [key, .. keys.Of(ties)],
                    [job, ties.Jid, isQueue ? 1 : 0, Score.From(redis.Clock.GetUtcNow())]
                )
                .ConfigureAwait(false) == 1;

    (RedisKey Target, RedisKey Beside) Places(TiedPush push) =>
        push.Due is null ? (keys.Queue(push.Queue).List, keys.Queues)
        : push.Token is { } token ? (keys.Schedule, keys.Token(token))
        : (keys.Schedule, "");

    RedisValue[] Arguments(TiedPush push)
    {
        var now = redis.Clock.GetUtcNow();
        return
        [
            push.Json,
            push.Jid,
            push.Unique is { } unique ? (long)unique.LifeFrom(now, push.Due).TotalMilliseconds : "",
            push.Due is { } due ? Score.From(due) : "",
            push.Due is { } end ? JobValue.TokenEnd(end) : push.Queue,
            Score.From(now),
        ];
    }
}
