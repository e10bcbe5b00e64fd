using System.Text;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Redis;

public class PublishTests
{
    static readonly Guid MessageId = Guid.Parse("0192f0c5-7b1a-7c3e-9d55-6f6d2f0a1b2c");

    [Fact]
    public async Task Message_without_subscribers_leaves_no_trace()
    {
        await using var steps = await RedisSteps.Open();

        Assert.Equal(0, (await steps.Topics.Publish(Message("Shop:Ordered"))).Count);

        Assert.True(await steps.Redis.IsEmpty());
    }

    [Fact]
    public async Task Each_subscribed_queue_gets_a_copy_as_if_it_had_been_sent_there()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.Subscribe(["Shop:Ordered"], "billing");
        await steps.Topics.Subscribe(["Shop:Ordered"], "shipping", "Ship::Worker");

        Assert.Equal(2, (await steps.Topics.Publish(Message("Shop:Ordered"))).Count);

        Assert.Equal([Job("billing", "Shop::Ordered")], await steps.Redis.Queue("billing"));
        Assert.Equal([Job("shipping", "Ship::Worker")], await steps.Redis.Queue("shipping"));
        Assert.Equal(["billing", "shipping"], await steps.Redis.Queues());
    }

    // Lua's unpack fails beyond 8,000 values, when all copies are made: the sender would be told that none is, and send them again.
    [Fact]
    public async Task More_subscriptions_than_Lua_unpacks_all_get_their_copy()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.Db.HashSetAsync(
            "mt:topic:Shop:Ordered",
            [.. Enumerable.Range(1, 9000).Select(queue => new HashEntry($"q{queue}", ""))]
        );

        Assert.Equal(9000, (await steps.Topics.Publish(Message("Shop:Ordered"))).Count);

        Assert.Equal([Job("q9000", "Shop::Ordered")], await steps.Redis.Queue("q9000"));
    }

    [Fact]
    public async Task Queue_with_several_classes_gets_a_copy_for_each()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.Subscribe(["Shop:Ordered"], "ruby|Bill", "Bill");
        await steps.Topics.Subscribe(["Shop:Ordered"], "ruby|Ship");

        Assert.Equal(2, (await steps.Topics.Publish(Message("Shop:Ordered"))).Count);

        Assert.Equal([Job("ruby", "Bill"), Job("ruby", "Ship")], (await steps.Redis.Queue("ruby")).Order());
    }

    [Fact]
    public async Task Queue_bound_through_several_entities_gets_one_copy_of_the_nearest_ones_class()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.Subscribe(["Shop:Ordered"], "billing", "Near");
        await steps.Topics.Subscribe(["Shop:Event"], "billing", "Far");

        Assert.Equal(1, (await steps.Topics.Publish(Message("Shop:Ordered", "Shop:Event"))).Count);

        Assert.Equal([Job("billing", "Near")], await steps.Redis.Queue("billing"));
    }

    [Fact]
    public async Task Subscriber_of_what_the_message_implements_gets_it_under_the_messages_own_class()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.Subscribe(["Shop:Event"], "audit");

        await steps.Topics.Publish(Message("Shop:Ordered", "Shop:Event"));

        Assert.Equal([Job("audit", "Shop::Ordered")], await steps.Redis.Queue("audit"));
    }

    [Fact]
    public async Task Parents_are_found_in_Redis_where_only_the_address_is_known()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.DeclareImplements("Shop:Ordered", ["Shop:Changed", "Shop:Named"]);
        await steps.Topics.DeclareImplements("Shop:Changed", ["Shop:Event", "Shop:Ordered"]);
        await steps.Topics.Subscribe(["Shop:Event"], "audit");
        await steps.Topics.Subscribe(["Shop:Named"], "names");

        Assert.Equal(0, (await steps.Topics.Publish(Message("Shop:Ordered"))).Count);
        Assert.Equal(2, (await steps.Topics.Publish(Message("Shop:Ordered") with { FollowImplements = true })).Count);

        Assert.Equal([Job("audit", "Shop::Ordered")], await steps.Redis.Queue("audit"));
        Assert.Equal([Job("names", "Shop::Ordered")], await steps.Redis.Queue("names"));
    }

    [Fact]
    public async Task Queues_of_contracts_get_copies_without_any_subscription()
    {
        await using var steps = await RedisSteps.Open();

        var message = Message("Shop:Ordered") with { Static = [("ruby", "Bill"), ("mail", "Post")] };

        Assert.Equal(2, (await steps.Topics.Publish(message)).Count);

        Assert.Equal([Job("ruby", "Bill")], await steps.Redis.Queue("ruby"));
        Assert.Equal([Job("mail", "Post")], await steps.Redis.Queue("mail"));
    }

    [Fact]
    public async Task Queue_of_the_contract_that_also_subscribed_gets_one_copy()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.Subscribe(["Shop:Ordered"], "ruby");

        var message = Message("Shop:Ordered") with { Static = [("ruby", "Shop::Ordered")] };

        Assert.Equal(1, (await steps.Topics.Publish(message)).Count);
    }

    [Fact]
    public async Task Temporary_queue_gets_a_copy_that_expires_with_it()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.CreateTemporary("bus", RedisSteps.Life);
        await steps.Topics.Subscribe(["Shop:Ordered"], "bus", RedisKeys.TemporarySubscriber);

        Assert.Equal(1, (await steps.Topics.Publish(Message("Shop:Ordered"))).Count);

        Assert.Equal([Job("bus", "Shop::Ordered")], await steps.Redis.Queue("bus"));
        Assert.Empty(await steps.Redis.Queues());
        var life = await steps.Redis.Db.KeyTimeToLiveAsync("queue:bus");
        Assert.InRange(life!.Value, TimeSpan.FromSeconds(50), RedisSteps.Life);
    }

    [Fact]
    public async Task Subscription_of_a_temporary_queue_that_has_ended_goes()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.Subscribe(["Shop:Ordered"], "bus", RedisKeys.TemporarySubscriber);
        await steps.Topics.Subscribe(["Shop:Ordered"], "billing");

        Assert.Equal(1, (await steps.Topics.Publish(Message("Shop:Ordered"))).Count);

        Assert.Empty(await steps.Redis.Queue("bus"));
        Assert.Equal(
            ["billing"],
            (await steps.Redis.Db.HashKeysAsync("mt:topic:Shop:Ordered")).Select(key => $"{key}")
        );
    }

    [Fact]
    public async Task Copies_of_a_scheduled_message_wait_in_the_schedule_until_their_token_cancels_them()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.CreateTemporary("bus", RedisSteps.Life);
        await steps.Topics.Subscribe(["Shop:Ordered"], "bus", RedisKeys.TemporarySubscriber);
        await steps.Topics.Subscribe(["Shop:Ordered"], "billing");
        var before = await steps.Redis.Snapshot();
        var (token, due) = (Guid.NewGuid(), RedisSteps.Now.AddYears(50));
        var message = Message("Shop:Ordered") with { Due = due, Token = token };
        message = message with { Template = Template($$$""","mt":{"token":"{{{token}}}"}}""") };

        Assert.Equal(2, (await steps.Topics.Publish(message)).Count);

        var scheduled = await steps.Redis.ScheduledSet();
        Assert.Equal([SetEntry.ToScore(due), SetEntry.ToScore(due)], scheduled.Select(entry => entry.Score));
        Assert.Empty(await steps.Redis.Queues());
        Assert.True(await steps.Jobs.CancelScheduled(token));
        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Fact]
    public async Task Odd_names_are_quoted_and_ordinary_ones_left_alone()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.Subscribe(["Shop:Ordered"], "a/b é'", "A\"\\\n::B");

        await steps.Topics.Publish(Message("Shop:Ordered"));

        var job = Assert.Single(await steps.Redis.Queue("a/b é'"));
        Assert.StartsWith("""{"queue":"a/b é'","class":"A\u0022\u005c\u000a::B",""", job, StringComparison.Ordinal);
        Assert.Equal("A\"\\\n::B", SidekiqJob.Parse(job.Bytes(), "a/b é'").Class);
    }

    [Fact]
    public async Task Queue_that_refuses_its_copy_refuses_the_message_for_all()
    {
        await using var steps = await RedisSteps.Open();
        foreach (var queue in new[] { "a", "b", "c", "d" })
        {
            await steps.Topics.Subscribe(["Shop:Ordered"], queue);
            await steps.Redis.SeedQueue(queue, "before");
        }

        await steps.Redis.Db.StringSetAsync("queue:c", "no list");
        var before = await steps.Redis.Snapshot();

        await Assert.ThrowsAsync<SidekiqRedisException>(() => steps.Topics.Publish(Message("Shop:Ordered")));

        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Fact]
    public async Task Prefix_goes_before_all_keys_that_the_script_makes()
    {
        await using var steps = await RedisSteps.Open(prefix: "myapp:");
        await steps.Topics.Subscribe(["Shop:Event"], "audit");
        await steps.Topics.DeclareImplements("Shop:Ordered", ["Shop:Event"]);

        Assert.Equal(1, (await steps.Topics.Publish(Message("Shop:Ordered") with { FollowImplements = true })).Count);

        Assert.All(await steps.Redis.Keys(), key => Assert.StartsWith("myapp:", key, StringComparison.Ordinal));
        Assert.Equal(Job("audit", "Shop::Ordered"), await steps.Redis.Db.ListRightPopAsync("myapp:queue:audit"));
    }

    [Fact]
    public async Task Subscription_that_ended_gets_nothing()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.Subscribe(["Shop:Ordered"], "billing");

        await steps.Redis.Db.HashDeleteAsync("mt:topic:Shop:Ordered", "billing");

        Assert.Equal(0, (await steps.Topics.Publish(Message("Shop:Ordered"))).Count);
        Assert.True(await steps.Redis.IsEmpty());
    }

    static PublishRequest Message(params string[] entities) =>
        new()
        {
            Entities = entities,
            Template = Template("}"),
            Class = "Shop::Ordered",
            MessageId = MessageId,
        };

    static JobTemplate Template(string afterJid) =>
        new("""{"queue":"""u8.ToArray(), ""","class":"""u8.ToArray(), Encoding.UTF8.GetBytes(afterJid));

    static string Job(string queue, string jobClass) =>
        $$"""{"queue":"{{queue}}","class":"{{jobClass}}","jid":"{{JobId.From(MessageId, queue, jobClass)}}"}""";
}
