namespace MassTransit.Sidekiq.Tests.Inspecting;

public class DeployTests
{
    static readonly DateTimeOffset now = TestClock.Today.AddHours(9).AddMinutes(5).AddSeconds(30);
    static readonly DateTimeOffset minute = now.AddSeconds(-30);

    [Fact]
    public async Task Deploy_is_marked_once_a_minute_however_many_processes_mark_it()
    {
        await using var redis = await RedisServer.Lease();
        var inspector = Inspector(redis, now);

        Assert.True(await inspector.MarkDeploy("abc123 Pay at once"));
        Assert.False(await inspector.MarkDeploy("abc123 Pay at once"));
        Assert.False(await inspector.MarkDeploy("another in the same minute"));

        Assert.Equal([new SidekiqDeploy(minute, "abc123 Pay at once")], await inspector.Deploys(TimeSpan.FromHours(1)));
        Assert.InRange(
            (await redis.Db.KeyTimeToLiveAsync(Day(now)))!.Value,
            TimeSpan.FromDays(89),
            TimeSpan.FromDays(90)
        );
    }

    [Fact]
    public async Task Deploys_of_a_time_are_read_across_midnight_and_junk_is_left_out()
    {
        await using var redis = await RedisServer.Lease();
        var before = now.AddHours(-12);
        await redis.Db.HashSetAsync(Day(before), [new(Stamp(before), "yesterday"), new("junk", "x")]);
        await redis.Db.HashSetAsync(Day(now), [new(Stamp(now), "today"), new(Stamp(now.AddMinutes(9)), "to come")]);
        await redis.Db.StringSetAsync(Day(now.AddDays(-2)), "no hash");
        var inspector = Inspector(redis, now);

        Assert.Equal(["yesterday", "today"], (await inspector.Deploys(TimeSpan.FromHours(72))).Select(of => of.Label));
        Assert.Equal("today", Assert.Single(await inspector.Deploys(TimeSpan.FromHours(8))).Label);
    }

    [Fact]
    public async Task Mark_that_Redis_refuses_can_be_made_again_at_once()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.StringSetAsync(Day(now), "no hash");
        var inspector = Inspector(redis, now);

        await Assert.ThrowsAnyAsync<Exception>(() => inspector.MarkDeploy("abc123"));
        Assert.Equal([Day(now)], await redis.Keys());
        await redis.Flush();

        Assert.True(await inspector.MarkDeploy("abc123"));
    }

    [Fact]
    public async Task Label_or_time_that_makes_no_sense_is_refused()
    {
        await using var redis = await RedisServer.Lease();
        var inspector = Inspector(redis, now);

        await Assert.ThrowsAsync<ArgumentException>(() => inspector.MarkDeploy(" "));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => inspector.Deploys(TimeSpan.Zero));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => inspector.Deploys(TimeSpan.FromDays(91)));
    }

    static SidekiqInspector Inspector(RedisDatabase redis, DateTimeOffset at)
    {
        var runtime = JobSetTests.Host(redis);
        runtime.Clock = new FakeClock(at);
        return new SidekiqInspector(runtime);
    }

    static string Day(DateTimeOffset time) => $"{time.UtcDateTime:yyyyMMdd}-marks";

    static string Stamp(DateTimeOffset time) => $"{time.UtcDateTime:yyyy-MM-dd'T'HH:mm}:00Z";
}
