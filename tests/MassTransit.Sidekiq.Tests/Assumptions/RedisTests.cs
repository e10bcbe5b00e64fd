namespace MassTransit.Sidekiq.Tests.Assumptions;

/// <summary>What we believe of Redis, and of StackExchange.Redis in front of it.</summary>
public class RedisTests
{
    [Fact]
    public async Task A_leased_database_is_empty_and_nobody_elses()
    {
        await using var one = await RedisServer.Lease();
        await using var other = await RedisServer.Lease();

        await one.SeedQueue("orders", "a");

        Assert.Equal(["a"], await one.Queue("orders"));
        Assert.True(await other.IsEmpty());
    }

    [Fact]
    public async Task LMOVE_takes_the_job_that_is_due_and_keeps_the_order()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("orders", "first", "second");

        var moved = (string)(await redis.Db.ExecuteAsync("LMOVE", "queue:orders", "landing", "RIGHT", "LEFT"))!;

        Assert.Equal("first", moved);
        Assert.Equal(["second"], await redis.Queue("orders"));
    }

    [Fact]
    public async Task BLMOVE_on_a_connection_of_its_own_returns_what_was_pushed_meanwhile()
    {
        await using var redis = await RedisServer.Lease();
        using var waiting = await redis.Connect();

        var moved = waiting
            .GetDatabase(redis.Database)
            .ExecuteAsync("BLMOVE", "queue:orders", "landing", "RIGHT", "LEFT", "60");
        await redis.SeedQueue("orders", "job");

        Assert.Equal("job", (string)(await moved.InTime())!);
    }

    [Fact]
    public async Task CLIENT_UNBLOCK_ends_a_BLMOVE_at_once_and_with_nothing()
    {
        await using var redis = await RedisServer.Lease();
        using var waiting = await redis.Connect();
        var id = (string)(await waiting.GetDatabase(redis.Database).ExecuteAsync("CLIENT", "ID"))!;

        var moved = waiting
            .GetDatabase(redis.Database)
            .ExecuteAsync("BLMOVE", "queue:orders", "landing", "RIGHT", "LEFT", "60");
        await Until(async () => (int)await redis.Db.ExecuteAsync("CLIENT", "UNBLOCK", id) == 1);

        // By itself it would end later than the guard allows.
        Assert.True((await moved.InTime()).IsNull);
    }
}
