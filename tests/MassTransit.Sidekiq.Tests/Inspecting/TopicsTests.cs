namespace MassTransit.Sidekiq.Tests.Inspecting;

public class TopicsTests
{
    [Fact]
    public async Task Topics_are_told_with_their_subscriptions_whoever_made_them()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.HashSetAsync("mt:topic:Shop:Ordered", "billing", "");
        await redis.Db.HashSetAsync("mt:topic:Shop:Ordered", "ruby|Ship", "Ship::Worker");
        await redis.Db.HashSetAsync("mt:topic:Shop:Ordered", "web7_bus", "temporary");
        await redis.Db.SetAddAsync("mt:implements:Shop:Ordered", ["Shop:Event", "Shop:Audited"]);
        await redis.Db.HashSetAsync("mt:topic:Shop:Event", "audit|Audit", "");
        await redis.Db.StringSetAsync("mt:topic:Shop:Broken", "no hash");

        var list = await Topics(redis).List();

        Assert.True(list.IsComplete);
        Assert.Equal(["Shop:Event", "Shop:Ordered"], list.Topics.Select(topic => topic.Name));
        Assert.Equal(["Shop:Audited", "Shop:Event"], list.Topics[1].Implements);
        Assert.Equal(
            [("billing", null, false), ("ruby", "Ship::Worker", false), ("web7_bus", null, true)],
            list.Topics[1].Subscriptions.Select(of => (of.Queue, of.Class, of.IsTemporary))
        );
        Assert.Equal("Audit", Assert.Single(list.Topics[0].Subscriptions).Class);
    }

    [Fact]
    public async Task Subscribed_queue_gets_what_is_published_until_its_subscription_ends()
    {
        await using var redis = await RedisServer.Lease();
        var topics = Topics(redis);

        await topics.Subscribe("Shop:Ordered", "ruby", "Ship::Worker");
        Assert.Equal("Ship::Worker", await redis.Db.HashGetAsync("mt:topic:Shop:Ordered", "ruby|Ship::Worker"));

        var subscription = Assert.Single((await topics.List()).Topics[0].Subscriptions);
        Assert.True(await topics.Unsubscribe("Shop:Ordered", subscription));
        Assert.False(await topics.Unsubscribe("Shop:Ordered", subscription));
        Assert.Empty((await topics.List()).Topics);
    }

    [Fact]
    public async Task Queue_that_the_Web_UI_could_not_open_is_refused()
    {
        await using var redis = await RedisServer.Lease();

        await Assert.ThrowsAsync<ArgumentException>(() => Topics(redis).Subscribe("Shop:Ordered", "a b"));
        Assert.True(await redis.IsEmpty());
    }

    [Fact]
    public async Task Search_for_topics_ends_though_Redis_has_more_keys_than_it_looks_at()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.ScriptEvaluateAsync("for i = 1, 120000 do redis.call('SET', 'other:' .. i, '') end");

        var list = await Topics(redis).List();

        Assert.False(list.IsComplete);
    }

    static ISidekiqTopics Topics(RedisDatabase redis) => JobSetTests.Inspector(redis).Topics;
}
