using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The state of iterable jobs, in Sidekiq's format; the progress is an addition of ours.
internal sealed class IterationStore(RedisConnection redis, RedisKeys keys)
{
    // Within a reasonable time in the script.
    const int MostJobs = 1000;

    // As long as Sidekiq keeps it.
    static readonly TimeSpan life = TimeSpan.FromDays(30);

    static readonly RedisValue[] fields = ["ex", "c", "rt", "cancelled", "mt.done", "mt.total"];

    readonly RedisLink link = redis.Working;

    public async Task<IterationState> Read(string jid)
    {
        var key = keys.Iteration(jid);
        var values = await link.Call("read_iteration", key, database => database.HashGetAsync(key, fields))
            .ConfigureAwait(false);
        return Parse(values) ?? IterationState.None;
    }

    // The states of those that have one, by jid.
    public async Task<IReadOnlyDictionary<string, IterationState>> Read(IReadOnlyCollection<string> jids)
    {
        var found = new Dictionary<string, IterationState>(StringComparer.Ordinal);
        foreach (var slice in jids.Chunk(MostJobs))
        {
            var states = (RedisResult[])
                (
                    await link.Run(Script.ReadIterations, [.. slice.Select(keys.Iteration)], fields)
                        .ConfigureAwait(false)
                )!;
            foreach (var (jid, state) in slice.Zip(states))
            {
                if (Parse((RedisValue[])state!) is { Executions: > 0 } known)
                {
                    found[jid] = known;
                }
            }
        }

        return found;
    }

    // False when the claim is gone.
    public async Task<bool> Save(Delivery delivery, string jid, IterationState state) =>
        (int)
            await link.Run(
                    Script.SaveIteration,
                    [keys.Queue(delivery.Queue).Working, keys.Iteration(jid), keys.Poison(jid)],
                    [delivery.Number, (long)life.TotalSeconds, .. Written(state)]
                )
                .ConfigureAwait(false) == 1;

    // False when the claim is gone.
    public async Task<bool> Interrupt(Delivery delivery, string jid, IterationState state, bool toTheBack)
    {
        var queue = keys.Queue(delivery.Queue);
        return (int)
                await link.Run(
                        Script.Interrupt,
                        [queue.Working, keys.Iteration(jid), keys.Poison(jid), queue.List],
                        [delivery.Number, toTheBack ? "LPUSH" : "RPUSH", (long)life.TotalSeconds, .. Written(state)]
                    )
                    .ConfigureAwait(false) == 1;
    }

    static IEnumerable<RedisValue> Written(IterationState state)
    {
        yield return "ex";
        yield return state.Executions;
        yield return "rt";
        yield return state.Runtime.TotalSeconds.ToString("0.######", CultureInfo.InvariantCulture);
        if (state.Cursor is { } cursor)
        {
            yield return "c";
            yield return IterationCursor.Write(cursor);
        }

        if (state.Progress is { } progress)
        {
            yield return "mt.done";
            yield return progress.Done;
            yield return "mt.total";
            yield return progress.Total is { } total ? total : "";
        }
    }

    // What Redis does not have, or what cannot be read, counts as not there. Null if nothing is.
    static IterationState? Parse(RedisValue[] values)
    {
        if (values.Length < fields.Length || values.All(value => value.IsNull))
        {
            return null;
        }

        return new IterationState(
            Number(values[0]) ?? 0,
            values[1].IsNull ? null : IterationCursor.Read(values[1]!),
            values[2].TryParse(out double seconds) && seconds is >= 0 and < 1e9
                ? TimeSpan.FromSeconds(seconds)
                : TimeSpan.Zero,
            Number(values[4]) is { } done ? new Progress(done, Number(values[5])) : null
        )
        {
            IsCancelled = !values[3].IsNull,
        };
    }

    static long? Number(RedisValue value) =>
        !value.IsNullOrEmpty && value.TryParse(out long number) && number >= 0 ? number : null;
}
