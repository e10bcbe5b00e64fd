using StackExchange.Redis;

namespace MassTransit.Sidekiq.Benchmarks;

// How far a queue is drained, and what Redis had done by then.
internal sealed record DrainMark(long Left, RedisUsage Usage)
{
    static readonly TimeSpan pause = TimeSpan.FromMilliseconds(5);

    // Once no more than `limit` are left.
    public static async Task<DrainMark> Below(IDatabase database, RedisKey queue, long limit)
    {
        while (await database.ListLengthAsync(queue) > limit)
        {
            await Task.Delay(pause);
        }

        // Together, so that nothing is taken in between.
        var (left, usage) = (database.ListLengthAsync(queue), RedisUsage.Of(database));
        return new DrainMark(await left, await usage);
    }
}
