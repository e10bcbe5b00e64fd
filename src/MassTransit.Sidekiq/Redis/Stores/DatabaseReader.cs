namespace MassTransit.Sidekiq;

// Looks beside the own database: Ruby may have been given another number. One round trip.
internal sealed class DatabaseReader(RedisConnection redis, RedisKeys keys)
{
    // The other databases of the server that hold queues, sorted, at most 16; none where Redis does not let us look.
    public async Task<IReadOnlyList<int>> OthersWithQueues()
    {
        try
        {
            // -1 is the default of the multiplexer, which is 0 where its settings name none.
            var own = Math.Max(0, RedisOptions.Database(redis.Settings));
            var found = await redis.Working.Run(Script.FindDatabases, [keys.Queues], [own]).ConfigureAwait(false);
            return [.. ((int[])found!).Order()];
        }
        catch (SidekiqRedisException)
        {
            return [];
        }
    }
}
