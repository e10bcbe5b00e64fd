using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// A member of the retry or scheduled set whose time has come, byte for byte: it is its own name there.
internal readonly record struct DueMember(byte[] Json, DateTimeOffset Due);

/// `Refusal` is Redis' first refusal of a push (a queue of another type); that job stays in its set.
internal sealed record PushedJobs(int Moved, string? Refusal);

/// The sets that jobs leave for their queues. Ruby's pollers may run beside ours: whoever removes a member owns it.
internal enum DueSet
{
    Retry,
    Schedule,

    /// Nothing is due here; a job comes back only by hand.
    Dead,
}

internal static class DueSets
{
    public static RedisKey Of(this RedisKeys keys, DueSet set) =>
        set switch
        {
            DueSet.Retry => keys.Retry,
            DueSet.Schedule => keys.Schedule,
            _ => keys.Dead,
        };
}

/// Brings back what is due.
internal sealed class DueJobStore(RedisConnection redis, RedisKeys keys, DeadSet dead)
{
    public const int MostJobs = 100;

    readonly RedisLink link = redis.Working;

    /// Soonest first. Reads only.
    public async Task<IReadOnlyList<DueMember>> ReadDue(DueSet set, DateTimeOffset now, int limit = MostJobs)
    {
        var entries = await Call(
                set,
                (database, key) =>
                    database.SortedSetRangeByScoreWithScoresAsync(
                        key,
                        double.NegativeInfinity,
                        Score.ToSeconds(now),
                        take: limit
                    )
            )
            .ConfigureAwait(false);

        var due = new DueMember[entries.Length];
        for (var i = 0; i < due.Length; i++)
        {
            due[i] = new DueMember((byte[])entries[i].Element!, Score.ToTime(entries[i].Score));
        }

        return due;
    }

    /// Moves at most 100 jobs. A job for a temporary queue that has ended is dropped, and counts as moved.
    public async Task<PushedJobs> PushDue(DueSet set, IReadOnlyList<DueMove> jobs)
    {
        if (jobs.Count == 0)
        {
            return new PushedJobs(0, null);
        }

        var arguments = new RedisValue[1 + (3 * jobs.Count)];
        arguments[0] = keys.Prefix;
        for (var i = 0; i < jobs.Count; i++)
        {
            arguments[1 + (3 * i)] = jobs[i].Member;
            arguments[2 + (3 * i)] = JobStore.Value(jobs[i].Json);
            arguments[3 + (3 * i)] = jobs[i].Queue;
        }

        var reply = (RedisResult[])
            (
                await link.Run(Script.PushDue, [keys.Of(set), keys.Queues, keys.Temporaries], arguments)
                    .ConfigureAwait(false)
            )!;
        var refusal = (string?)reply[1];
        return new PushedJobs((int)reply[0], string.IsNullOrEmpty(refusal) ? null : refusal);
    }

    /// False when another poller took it.
    public async Task<bool> BuryUnreadable(DueSet set, byte[] member, DateTimeOffset now)
    {
        var buried = await link.Run(
                Script.BuryUnreadable,
                [keys.Of(set), keys.Dead],
                [member, Score.From(now), Score.From(dead.Oldest(now)), dead.MaxJobs]
            )
            .ConfigureAwait(false);

        return (int)buried == 1;
    }

    /// When the next job of either set is due; null when both are empty.
    public async Task<DateTimeOffset?> NextDue()
    {
        var retry = First(DueSet.Retry);
        var schedule = First(DueSet.Schedule);
        await Task.WhenAll(retry, schedule).ConfigureAwait(false);

        var scores = (await retry.ConfigureAwait(false)).Concat(await schedule.ConfigureAwait(false)).ToArray();
        return scores.Length == 0 ? null : Score.ToTime(scores.Min(entry => entry.Score));
    }

    Task<SortedSetEntry[]> First(DueSet set) =>
        Call(set, (database, key) => database.SortedSetRangeByRankWithScoresAsync(key, 0, 0));

    Task<T> Call<T>(DueSet set, Func<IDatabase, RedisKey, Task<T>> command) =>
        link.Call("read", keys.Of(set), database => command(database, keys.Of(set)));
}
