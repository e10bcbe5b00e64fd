using System.Collections.Concurrent;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// How jobs are created: pushed to a queue, or scheduled and perhaps cancelled. Virtual for test harnesses without Redis.
internal class JobStore(RedisConnection redis, RedisKeys keys)
{
    // As Ruby's push_bulk: long enough to save round trips, short enough not to block Redis.
    const int BulkSlice = 1000;

    // A lane is small, but senders may invent queue names.
    const int MostLanes = 4096;

    readonly RedisLink link = redis.Sending;
    readonly ConcurrentDictionary<string, PushLane> lanes = new(StringComparer.Ordinal);

    // One step with the concurrent pushes to the same queue (see PushLane).
    public virtual Task Push(string queue, ReadOnlyMemory<byte> json) =>
        Lane(queue).Push(JobValue.Of(json), json.Length);

    // The first job given is the first to run. Slices are separate steps, one after the other: a kill leaves the first.
    public virtual Task PushBulk(string queue, IReadOnlyList<ReadOnlyMemory<byte>> jobs) =>
        jobs.Count == 0 ? Task.CompletedTask : link.Push(keys.Queues, keys.Queue(queue), [.. Slices(jobs)]);

    // False when the queue has ended: a response without a waiting client is dropped. `life` is how long an unread response
    // is kept at least.
    public virtual async Task<bool> PushTemporary(string queue, ReadOnlyMemory<byte> json, TimeSpan life)
    {
        var target = keys.Queue(queue);
        var pushed = await link.Run(
                Script.PushTemporary,
                [target.Temporary, target.List],
                [JobValue.Of(json), (long)life.TotalMilliseconds]
            )
            .ConfigureAwait(false);

        return (int)pushed == 1;
    }

    public virtual async Task Schedule(ReadOnlyMemory<byte> json, DateTimeOffset due, Guid? token = null)
    {
        if (token is { } id)
        {
            await link.Run(
                    Script.Schedule,
                    [keys.Schedule, keys.Token(id)],
                    [JobValue.Of(json), Score.From(due), JobValue.TokenEnd(due)]
                )
                .ConfigureAwait(false);
        }
        else
        {
            await link.Call(
                    "schedule",
                    keys.Schedule,
                    database => database.SortedSetAddAsync(keys.Schedule, JobValue.Of(json), Score.ToSeconds(due))
                )
                .ConfigureAwait(false);
        }

        redis.Refusals.Passed();
    }

    // False when no job waits under this token any more. A job whose time was changed by hand is not found.
    public virtual async Task<bool> CancelScheduled(Guid token)
    {
        var cancelled = await link.Run(
                Script.CancelScheduled,
                [keys.Schedule, keys.Token(token)],
                [
                    $"\"token\":\"{token:D}\"",
                    (string)keys.Completed("")!,
                    Score.From(redis.Clock.GetUtcNow()),
                    (string)keys.Unique("")!,
                    (string)keys.Batch("")!,
                ]
            )
            .ConfigureAwait(false);

        return (int)cancelled > 0;
    }

    public virtual async Task<long> Purge(string queue) =>
        (long)await redis.Working.Run(Script.Purge, [keys.Queue(queue).List], []).ConfigureAwait(false);

    PushLane Lane(string queue)
    {
        if (lanes.TryGetValue(queue, out var lane))
        {
            return lane;
        }

        if (lanes.Count >= MostLanes)
        {
            lanes.Clear();
        }

        return lanes.GetOrAdd(queue, name => new PushLane(link, keys.Queues, keys.Queue(name)));
    }

    static IEnumerable<RedisValue[]> Slices(IReadOnlyList<ReadOnlyMemory<byte>> jobs)
    {
        for (var first = 0; first < jobs.Count; first += BulkSlice)
        {
            var slice = new RedisValue[Math.Min(BulkSlice, jobs.Count - first)];
            for (var i = 0; i < slice.Length; i++)
            {
                slice[i] = JobValue.Of(jobs[first + i]);
            }

            yield return slice;
        }
    }
}
