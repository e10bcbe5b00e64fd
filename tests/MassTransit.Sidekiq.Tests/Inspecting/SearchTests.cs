using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Inspecting;

public class SearchTests
{
    [Fact]
    public async Task Job_is_found_wherever_it_waits()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Job("a", "in-queue"), Job("b", "other"));
        await redis.SeedRetrySet(Job("c", "in-retry"), TestClock.Today);
        await redis.Db.SortedSetAddAsync("schedule", Job("d", "in-schedule"), 5);
        await redis.Db.SortedSetAddAsync("dead", Job("e", "in-dead *[?"), 6);

        var all = await Search(redis, "\"in-");
        Assert.True(all.IsComplete);
        Assert.Equal(
            [("queue:billing", "a"), ("retry", "c"), ("schedule", "d"), ("dead", "e")],
            all.Found.Select(finding => (finding.Place, finding.Entry.Job!.Jid))
        );
        Assert.Equal("e", Assert.Single((await Search(redis, "*[?")).Found).Entry.Job!.Jid);
        Assert.Empty((await Search(redis, "nowhere")).Found);
    }

    [Fact]
    public async Task Search_ends_when_enough_is_found_and_says_so()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", [.. Enumerable.Range(0, 20).Select(i => Job($"{i}", "same"))]);

        var search = await Search(redis, "same", most: 5);

        Assert.Equal((5, false), (search.Found.Count, search.IsComplete));
    }

    [Fact]
    public async Task Search_ends_in_a_queue_that_is_longer_than_it_looks()
    {
        await using var redis = await RedisServer.Lease();
        RedisValue[] jobs = [.. Enumerable.Range(0, 2500).Select(i => (RedisValue)Job($"{i}", "x"))];
        await redis.Db.SetAddAsync("queues", "long");
        await redis.Db.ListLeftPushAsync("queue:long", jobs);

        Assert.Single((await Search(redis, "\"jid\":\"7\"")).Found);
        var last = await Search(redis, "\"jid\":\"2499\"");

        Assert.Equal((0, false), (last.Found.Count, last.IsComplete));
    }

    static string Job(string jid, string argument) =>
        $$"""{"class":"Pay","args":["{{argument}}"],"queue":"billing","jid":"{{jid}}"}""";

    static Task<SidekiqSearch> Search(RedisDatabase redis, string text, int most = 100) =>
        JobSetTests.Inspector(redis).Search(text, most);
}
