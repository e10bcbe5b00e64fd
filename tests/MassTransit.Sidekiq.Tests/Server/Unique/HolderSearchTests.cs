using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class HolderSearchTests
{
    [Fact]
    public async Task Holder_is_gone_if_it_is_in_no_queue_process_or_set_or_is_dead()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", Job("queue"));
        await steps.Redis.SeedRetrySet(Job("retry"), RedisSteps.Now);
        await steps.Redis.SeedScheduledSet(Job("schedule"), RedisSteps.Now);
        await steps.Redis.SeedDeadSet(Job("dead"), RedisSteps.Now);
        await steps.Redis.Db.HashSetAsync(steps.Keys.Queue("orders").Working, 1, Job("working"));

        var gone = await Search(steps, new FakeClock(RedisSteps.Now))
            .Gone(["queue", "retry", "schedule", "dead", "working", "nowhere"]);

        Assert.Equal(["dead", "nowhere"], gone.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Where_Ruby_runs_a_holder_must_be_missing_until_Ruby_has_reported()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(RedisSteps.Now);
        var search = Search(steps, clock);
        await steps.Redis.Db.SetAddAsync("processes", "ruby:1:a");

        Assert.Empty(await search.Gone(["1"]));
        clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Empty(await search.Gone(["1"]));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["1"], await search.Gone(["1"]));
    }

    [Fact]
    public async Task Second_search_waits_for_nine_times_as_long_as_the_first_took()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new SlowClock();
        var search = Search(steps, clock);

        Assert.Equal(["1"], await search.Gone(["1"]));
        clock.Now += TimeSpan.FromSeconds(8.9);
        Assert.Empty(await search.Gone(["2"]));
        clock.Now += TimeSpan.FromSeconds(0.2);
        Assert.Equal(["2"], await search.Gone(["2"]));
    }

    static HolderSearch Search(RedisSteps steps, TimeProvider clock) =>
        new(new JobSearch(steps.Connection, steps.Keys), clock);

    static string Job(string jid) => $$"""{"class":"A","args":[],"jid":"{{jid}}"}""";

    // A search takes a second by it: it is asked before, at its beginning and at its end.
    sealed class SlowClock : TimeProvider
    {
        int asked;

        public DateTimeOffset Now { get; set; } = RedisSteps.Now;

        public override DateTimeOffset GetUtcNow()
        {
            if (++asked == 3)
            {
                Now += TimeSpan.FromSeconds(1);
            }

            return Now;
        }
    }
}
