namespace MassTransit.Sidekiq.Tests.Redis;

public class TemporaryQueueTests
{
    [Fact]
    public async Task Temporary_queue_lives_for_a_while_and_is_not_among_the_queues()
    {
        await using var steps = await RedisSteps.Open();

        await steps.Topics.CreateTemporary("bus", RedisSteps.Life);

        Assert.Empty(await steps.Redis.Queues());
        var life = await steps.Redis.Db.KeyTimeToLiveAsync("mt:temporary:bus");
        Assert.InRange(life!.Value, TimeSpan.FromSeconds(50), RedisSteps.Life);
    }

    [Fact]
    public async Task Touched_queue_lives_on_with_its_jobs()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.CreateTemporary("bus", TimeSpan.FromSeconds(30));
        await steps.Jobs.PushTemporary("bus", "{}".Bytes(), TimeSpan.FromSeconds(1));

        Assert.Empty(await steps.Topics.TouchTemporary(["bus"], RedisSteps.Life));

        foreach (var key in new[] { "mt:temporary:bus", "queue:bus" })
        {
            var life = await steps.Redis.Db.KeyTimeToLiveAsync(key);
            Assert.InRange(life!.Value, TimeSpan.FromSeconds(50), RedisSteps.Life);
        }
    }

    [Fact]
    public async Task Queue_that_had_ended_is_made_again_and_told_about()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.CreateTemporary("one", RedisSteps.Life);
        await steps.Topics.CreateTemporary("two", RedisSteps.Life);
        await steps.Redis.Db.KeyDeleteAsync("mt:temporary:one");

        Assert.Equal(["one"], await steps.Topics.TouchTemporary(["one", "two"], RedisSteps.Life));
        Assert.Empty(await steps.Topics.TouchTemporary(["one", "two"], RedisSteps.Life));
    }

    [Fact]
    public async Task Removed_queue_takes_its_jobs_and_subscriptions_along()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.Subscribe(["Shop:Ordered"], "billing");
        await steps.Topics.CreateTemporary("other", RedisSteps.Life);
        var before = await steps.Redis.Snapshot();
        await steps.Topics.CreateTemporary("bus", RedisSteps.Life);
        await steps.Topics.Subscribe(["Shop:Ordered"], "bus", RedisKeys.TemporarySubscriber);
        await steps.Topics.Subscribe(["Shop:Event"], "bus", RedisKeys.TemporarySubscriber);
        await steps.Jobs.PushTemporary("bus", "{}".Bytes(), RedisSteps.Life);

        await steps.Topics.RemoveTemporary("bus", ["Shop:Ordered", "Shop:Event"]);

        var after = await steps.Redis.Snapshot();
        Assert.Contains("bus", after["mt:temporaries"], StringComparison.Ordinal);
        before.Remove("mt:temporaries");
        after.Remove("mt:temporaries");
        Assert.Equal(before, after);
    }

    [Fact]
    public async Task Names_are_forgotten_after_90_days()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.Db.SortedSetAddAsync("mt:temporaries", "old", SetEntry.ToScore(RedisSteps.Now.AddDays(-91)));
        await steps.Redis.Db.SortedSetAddAsync("mt:temporaries", "new", SetEntry.ToScore(RedisSteps.Now.AddDays(-89)));

        await steps.Topics.CreateTemporary("bus", RedisSteps.Life);

        var names = await steps.Redis.Db.SortedSetRangeByRankAsync("mt:temporaries");
        Assert.Equal(["new", "bus"], names.Select(name => $"{name}"));
    }

    [Fact]
    public async Task Queue_that_lasts_keeps_its_jobs_though_its_name_was_temporary_once()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.CreateTemporary("bus", RedisSteps.Life);
        await steps.Redis.Db.KeyDeleteAsync("mt:temporary:bus");
        await steps.Redis.SeedQueue("bus", "1");
        await steps.Redis.Db.KeyExpireAsync("queue:bus", RedisSteps.Life);

        await steps.Topics.MakeLasting(["bus"]);

        Assert.Null(await steps.Redis.Db.KeyTimeToLiveAsync("queue:bus"));
        const string Due = """{"class":"A","args":[],"queue":"bus"}""";
        await steps.Redis.SeedRetrySet(Due, RedisSteps.Now);
        var pushed = await steps.DueJobs.PushDue(
            DueSet.Retry,
            [new DueMove(Due.Bytes().ToArray(), "2".Bytes(), "bus")]
        );
        Assert.Equal(1, pushed.Moved);
        await steps.Redis.Db.HashSetAsync("mt:working:gone:1:a:bus", 1, "0");
        await steps.Leases.Rescue(new Orphan("gone:1:a", "bus"), RedisSteps.Now);
        Assert.Equal(["0", "1", "2"], await steps.Redis.Queue("bus"));
    }
}
