namespace MassTransit.Sidekiq.Tests.Redis;

public sealed class CancelStoreTests
{
    static readonly DateTimeOffset now = TestClock.Start;

    [Fact]
    public async Task First_cancel_counts_and_its_mark_ends_with_Sidekiqs_time()
    {
        await using var steps = await RedisSteps.Open();
        var store = Store(steps);

        await store.Cancel("1", now);
        await store.Cancel("1", now.AddHours(1));

        Assert.Equal(now.ToUnixTimeSeconds(), (long)await steps.Redis.Db.HashGetAsync("it-1", "cancelled"));
        Assert.InRange(
            (await steps.Redis.Db.KeyTimeToLiveAsync("it-1"))!.Value,
            TimeSpan.FromDays(29),
            TimeSpan.FromDays(30)
        );
    }

    [Fact]
    public async Task Claim_and_mark_of_a_cancelled_job_end_together_and_only_while_it_is_claimed()
    {
        await using var steps = await RedisSteps.Open();
        var store = Store(steps);
        var working = steps.Keys.Queue("orders").Working;
        await steps.Redis.Db.HashSetAsync(working, 7, "{}");
        await store.Cancel("1", now);

        var tied = new TiedJobStore(steps.Connection, steps.Keys);
        Assert.False(await tied.End(new Delivery("orders", 8), default, BatchOutcome.Dropped, stateOf: "1"));
        Assert.True(await steps.Redis.Db.KeyExistsAsync("it-1"));

        Assert.True(await tied.End(new Delivery("orders", 7), default, BatchOutcome.Dropped, stateOf: "1"));
        Assert.Empty(await steps.Redis.Keys());
    }

    [Fact]
    public async Task Many_running_jobs_are_looked_at_in_slices()
    {
        await using var steps = await RedisSteps.Open();
        var store = Store(steps);
        await store.Cancel("5", now);
        await store.Cancel("2345", now);

        Assert.Equal(["5", "2345"], await store.Find([.. Enumerable.Range(0, 2500).Select(jid => $"{jid}")]));
        Assert.Empty(await store.Find([]));
    }

    static CancelStore Store(RedisSteps steps) => new(steps.Connection, steps.Keys);
}
