namespace MassTransit.Sidekiq;

// Looks beside the own database: Ruby may have been given another number. One round trip.
internal sealed class DatabaseReader(RedisConnection redis, RedisKeys keys)
{
    // -1 is the default of the multiplexer, which is 0 where its settings name none.
    public int Own { get; } = Math.Max(0, RedisOptions.Database(redis.Settings));

    // The other databases of the server that hold queues, sorted, at most 16; none where Redis does not let us look.
    public async Task<IReadOnlyList<int>> OthersWithQueues()
    {
        try
        {
            var found = await redis.Working.Run(Script.FindDatabases, [keys.Queues], [Own]).ConfigureAwait(false);
            return [.. ((int[])found!).Order()];
        }
        catch (SidekiqRedisException)
        {
            return [];
        }
    }
}
