namespace MassTransit.Sidekiq.Tests.Redis;

public sealed class IterationStoreTests
{
    static readonly Delivery claim = new("walks", 7);
    static readonly IterationState place = new(2, "41", TimeSpan.FromSeconds(1.5), new Progress(41, null));

    [Fact]
    public async Task Place_is_kept_only_while_the_job_is_claimed()
    {
        await using var steps = await Claimed();

        Assert.False(await Store(steps).Save(new Delivery("walks", 8), "1", place));
        Assert.False(await steps.Redis.Db.KeyExistsAsync("it-1"));
        Assert.True(await Store(steps).Save(claim, "1", place));

        Assert.Equal(place, await Store(steps).Read("1"));
        Assert.Equal("41", await steps.Redis.Db.HashGetAsync("it-1", "c"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Interrupted_job_is_in_its_queue_with_its_place(bool toTheBack)
    {
        await using var steps = await Claimed();
        await steps.Redis.SeedQueue("walks", "other");
        await steps.Redis.Db.StringSetAsync("mt:poison:1", 2);

        Assert.False(await Store(steps).Interrupt(new Delivery("walks", 8), "1", place, toTheBack));
        Assert.Equal(["other"], await steps.Redis.Queue("walks"));
        Assert.True(await Store(steps).Interrupt(claim, "1", place, toTheBack));

        Assert.Equal(toTheBack ? ["other", "{}"] : ["{}", "other"], await steps.Redis.Queue("walks"));
        Assert.Equal(place, await Store(steps).Read("1"));
        Assert.Equal(["it-1", "queue:walks", "queues"], await steps.Redis.Keys());
    }

    [Theory]
    [InlineData("it-1")]
    [InlineData("queue:walks")]
    public async Task What_Redis_refuses_leaves_the_claim(string key)
    {
        await using var steps = await Claimed();
        await steps.Redis.Db.StringSetAsync(key, "another client's");

        await Assert.ThrowsAsync<SidekiqRedisException>(() => Store(steps).Interrupt(claim, "1", place, false));

        Assert.Equal("{}", await steps.Redis.Db.HashGetAsync(steps.Keys.Queue("walks").Working, 7));
        Assert.Equal("another client's", await steps.Redis.Db.StringGetAsync(key));
    }

    [Fact]
    public async Task What_cannot_be_read_is_no_place_and_hides_no_other()
    {
        await using var steps = await Claimed();
        await steps.Redis.Db.StringSetAsync("it-1", "another client's");
        await steps.Redis.Db.HashSetAsync(
            "it-2",
            [new("ex", "many"), new("c", "{"), new("rt", "NaN"), new("mt.done", "-1")]
        );
        await steps.Redis.Db.HashSetAsync("it-3", [new("ex", 3), new("c", "\"x\""), new("rt", "2.5")]);
        await steps.Redis.Db.HashSetAsync("it-4", "cancelled", 1);

        var found = await Store(steps).Read(["0", "1", "2", "3", "4"]);

        Assert.Equal(new IterationState(3, "x", TimeSpan.FromSeconds(2.5), null), Assert.Single(found).Value);
        Assert.Equal(IterationState.None, await Store(steps).Read("2"));
        Assert.Equal(IterationState.None with { IsCancelled = true }, await Store(steps).Read("4"));
    }

    static async Task<RedisSteps> Claimed()
    {
        var steps = await RedisSteps.Open();
        await steps.Redis.Db.HashSetAsync(steps.Keys.Queue("walks").Working, 7, "{}");
        return steps;
    }

    static IterationStore Store(RedisSteps steps) => new(steps.Connection, steps.Keys);
}
