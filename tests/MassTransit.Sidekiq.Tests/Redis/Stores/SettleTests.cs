namespace MassTransit.Sidekiq.Tests.Redis;

public class SettleTests
{
    static readonly Delivery Claim = new("orders", 1);

    [Fact]
    public async Task Failed_job_moves_from_the_hash_to_the_retry_set()
    {
        await using var steps = await Claimed();

        Assert.True(await steps.Claims.Retry(Claim, "failed".Bytes(), RedisSteps.Now));

        Assert.Empty(await steps.Working("orders"));
        Assert.Equal([new SetEntry("failed", SetEntry.ToScore(RedisSteps.Now))], await steps.Redis.RetrySet());
    }

    [Fact]
    public async Task Buried_job_moves_from_the_hash_to_the_dead_set()
    {
        await using var steps = await Claimed();

        Assert.True(await steps.Claims.Bury(Claim, "failed".Bytes(), RedisSteps.Now));

        Assert.Empty(await steps.Working("orders"));
        Assert.Equal([new SetEntry("failed", SetEntry.ToScore(RedisSteps.Now))], await steps.Redis.DeadSet());
    }

    [Fact]
    public async Task Dead_set_forgets_the_old_and_the_many_as_in_Sidekiq()
    {
        await using var steps = await Claimed();
        await steps.Redis.SeedDeadSet("forgotten", RedisSteps.Now.AddDays(-181));
        for (var day = 5; day > 0; day--)
        {
            await steps.Redis.SeedDeadSet($"{day} days old", RedisSteps.Now.AddDays(-day));
        }

        await new ClaimStore(steps.Connection, steps.Keys, new DeadSet { MaxJobs = 4 }).Bury(
            Claim,
            "failed".Bytes(),
            RedisSteps.Now
        );

        var dead = await steps.Redis.DeadSet();
        Assert.Equal(["2 days old", "1 days old", "failed"], dead.Select(entry => entry.Job));
    }

    [Fact]
    public async Task Dead_older_than_180_days_are_forgotten_even_when_there_is_room()
    {
        await using var steps = await Claimed();
        await steps.Redis.SeedDeadSet("forgotten", RedisSteps.Now.AddDays(-181));
        await steps.Redis.SeedDeadSet("remembered", RedisSteps.Now.AddDays(-179));

        await steps.Claims.Bury(Claim, "failed".Bytes(), RedisSteps.Now);

        Assert.Equal(["remembered", "failed"], (await steps.Redis.DeadSet()).Select(entry => entry.Job));
    }

    [Fact]
    public async Task Dead_set_forgets_after_the_time_that_is_configured()
    {
        await using var steps = await Claimed();
        await steps.Redis.SeedDeadSet("forgotten", RedisSteps.Now.AddHours(-2));

        await new ClaimStore(steps.Connection, steps.Keys, new DeadSet { Timeout = TimeSpan.FromHours(1) }).Bury(
            Claim,
            "failed".Bytes(),
            RedisSteps.Now
        );

        Assert.Equal(["failed"], (await steps.Redis.DeadSet()).Select(entry => entry.Job));
    }

    [Fact]
    public async Task Rescheduled_job_moves_from_the_hash_to_the_scheduled_set_and_can_be_cancelled()
    {
        await using var steps = await Claimed();
        var token = Guid.NewGuid();
        var job = $$$"""{"mt":{"token":"{{{token}}}"}}""";

        Assert.True(await steps.Claims.Reschedule(Claim, job.Bytes(), RedisSteps.Now.AddYears(50), token));

        Assert.Empty(await steps.Working("orders"));
        Assert.Equal([job], (await steps.Redis.ScheduledSet()).Select(entry => entry.Job));
        Assert.True(await steps.Jobs.CancelScheduled(token));
        Assert.Empty(await steps.Redis.ScheduledSet());
    }

    [Fact]
    public async Task Rescheduled_job_without_a_token_leaves_none()
    {
        await using var steps = await Claimed();

        Assert.True(await steps.Claims.Reschedule(Claim, "later".Bytes(), RedisSteps.Now));

        Assert.DoesNotContain(await steps.Redis.Keys(), key => key.StartsWith("mt:token", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Moved_job_goes_from_the_hash_to_the_other_queue()
    {
        await using var steps = await Claimed();

        Assert.True(await steps.Claims.MoveTo(Claim, "orders_error", "failed".Bytes()));

        Assert.Empty(await steps.Working("orders"));
        Assert.Equal(["failed"], await steps.Redis.Queue("orders_error"));
        Assert.Equal(["orders", "orders_error"], await steps.Redis.Queues());
    }

    public static TheoryData<string> Settlements => ["retry", "bury", "reschedule", "move"];

    [Theory]
    [MemberData(nameof(Settlements))]
    public async Task Job_whose_claim_is_gone_is_not_settled(string how)
    {
        await using var steps = await Claimed();
        await steps.Claims.Acknowledge("orders", [1]);
        var before = await steps.Redis.Snapshot();

        Assert.False(await Settle(steps, how));

        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Theory]
    [MemberData(nameof(Settlements))]
    public async Task Job_is_settled_once_by_many(string how)
    {
        await using var steps = await Claimed();

        var settled = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Settle(steps, how)));

        Assert.Single(settled, done => done);
    }

    [Theory]
    [MemberData(nameof(Settlements))]
    public async Task Job_that_its_target_refuses_stays_claimed(string how)
    {
        await using var steps = await Claimed();
        foreach (var key in new[] { "retry", "schedule", "dead", "queue:orders_error" })
        {
            await steps.Redis.Db.StringSetAsync(key, "of another type");
        }

        var before = await steps.Redis.Snapshot();

        await Assert.ThrowsAsync<SidekiqRedisException>(() => Settle(steps, how));

        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Theory]
    [MemberData(nameof(Settlements))]
    public async Task Job_is_settled_even_when_memory_is_full(string how)
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "job");
        await steps.Claim(1, "orders");
        await steps.Redis.Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        Assert.True(await Settle(steps, how));

        Assert.Empty(await steps.Working("orders"));
    }

    static async Task<RedisSteps> Claimed()
    {
        var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "job");
        await steps.Claim(1, "orders");
        return steps;
    }

    static Task<bool> Settle(RedisSteps steps, string how) =>
        how switch
        {
            "retry" => steps.Claims.Retry(Claim, "failed".Bytes(), RedisSteps.Now),
            "bury" => steps.Claims.Bury(Claim, "failed".Bytes(), RedisSteps.Now),
            "reschedule" => steps.Claims.Reschedule(Claim, "later".Bytes(), RedisSteps.Now, Guid.NewGuid()),
            _ => steps.Claims.MoveTo(Claim, "orders_error", "failed".Bytes()),
        };
}
