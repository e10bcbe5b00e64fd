namespace MassTransit.Sidekiq.Tests.Inspecting;

public class ClaimsTests
{
    [Fact]
    public async Task Claims_of_a_process_without_a_lease_come_first()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.SetAddAsync("mt:owners", ["alive:1:a|orders", "dead:2:b|orders", "dead:2:b|mail", "dead:3:c"]);
        await redis.Db.StringSetAsync("mt:alive:alive:1:a", 1, TimeSpan.FromMinutes(1));
        await redis.Db.HashSetAsync("mt:working:alive:1:a:orders", "1", "{}");
        await redis.Db.HashSetAsync("mt:working:dead:2:b:orders", [new("1", "{}"), new("2", "{}")]);
        await redis.Db.ListLeftPushAsync("mt:landing:dead:2:b:orders", "{}");
        var inspector = JobSetTests.Inspector(redis);
        var before = await redis.Snapshot();

        var claims = await inspector.Claims();

        Assert.Equal(
            [
                new SidekiqClaim("dead:2:b", "mail", 0, IsAlive: false),
                new SidekiqClaim("dead:2:b", "orders", 3, IsAlive: false),
                new SidekiqClaim("dead:3:c", "", 0, IsAlive: false),
                new SidekiqClaim("alive:1:a", "orders", 1, IsAlive: true),
            ],
            claims.Claims
        );
        Assert.True(claims.IsComplete);
        Assert.Equal(before, await redis.Snapshot());
    }

    [Fact]
    public async Task Claims_beyond_the_limit_are_told_to_be_there()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.SetAddAsync("mt:owners", ["a|orders", "b|orders", "c|orders"]);
        await redis.Db.StringSetAsync("mt:alive:a", 1, TimeSpan.FromMinutes(1));
        var inspector = JobSetTests.Inspector(redis);

        var claims = await inspector.Claims(most: 2);

        Assert.Equal(["b", "c"], claims.Claims.Select(claim => claim.Identity));
        Assert.False(claims.IsComplete);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => inspector.Claims(most: 0));
    }

    [Fact]
    public async Task Key_of_another_type_counts_as_nothing_claimed()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.SetAddAsync("mt:owners", ["a|orders"]);
        await redis.Db.StringSetAsync("mt:working:a:orders", "junk");

        Assert.Equal(0, Assert.Single((await JobSetTests.Inspector(redis).Claims()).Claims).Jobs);
    }
}
