using MassTransit.Sidekiq.Tests.Redis;
using static MassTransit.Sidekiq.Tests.Server.PeriodicSteps;

namespace MassTransit.Sidekiq.Tests.Server;

/// <summary>What may stand among the periodic jobs: each entry has its end, and its neighbours run.</summary>
public class PeriodicEntryTests
{
    static readonly PeriodicJob nightly = Job("App:nightly", "0 8 * * *");

    [Theory]
    [InlineData("1e300")]
    [InlineData("-1e300")]
    [InlineData("1e400")]
    [InlineData("\"x\"")]
    public async Task Odd_number_of_seconds_for_catching_up_is_the_nearest_that_makes_sense(string late)
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        var store = new PeriodicStore(steps.Connection, steps.Keys);
        await steps.Redis.Db.HashSetAsync(
            "mt:periodic:jobs",
            "odd",
            $$$"""{"cron":"* * * * *","late":{{{late}}},"from":-1e300,"until":1e300,"queue":"q","job":{"class":"A"}}"""
        );
        await steps.Redis.Db.SortedSetAddAsync("mt:periodic", "odd", double.NegativeInfinity);
        await steps.Redis.Db.HashSetAsync("mt:periodic:last", "odd", "no number");

        await Runner(steps, clock).Cycle(CancellationToken.None);

        Assert.Single(await steps.Redis.Queue("q"));
        Assert.Equal(Time("07:01"), Assert.Single(await store.List()).Due);
    }

    [Fact]
    public async Task Job_that_has_never_run_has_no_last_run()
    {
        await using var steps = await RedisSteps.Open();
        await Register(steps, new FakeClock(Time("07:00")), nightly);

        Assert.Null(Assert.Single(await new PeriodicStore(steps.Connection, steps.Keys).List()).LastRun);
    }

    [Fact]
    public async Task Unreadable_job_whose_name_is_no_text_is_paused_as_well()
    {
        await using var steps = await RedisSteps.Open();
        byte[] name = [0xff, 0xfe];
        await steps.Redis.Db.HashSetAsync("mt:periodic:jobs", name, "no json");
        await steps.Redis.Db.SortedSetAddAsync("mt:periodic", name, 1);

        await Runner(steps, new FakeClock(Time("07:00"))).Cycle(CancellationToken.None);

        Assert.False(await steps.Redis.Db.KeyExistsAsync("mt:periodic"));
    }

    [Fact]
    public async Task Hundreds_that_Redis_refuses_do_not_keep_the_next_from_running()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(
            steps,
            clock,
            [.. Enumerable.Range(0, 220).Select(n => Job("App:refused", "0 8 * * *") with { Id = $"{n}" })]
        );
        var next = nightly with { Owner = "Other", Id = "x:nightly", Cron = "1 8 * * *" };
        await new PeriodicStore(steps.Connection, steps.Keys).Register(
            "Other",
            [PeriodicSteps.Row(next, next.Next(clock.GetUtcNow())!.Value)]
        );
        await steps.Redis.Db.StringSetAsync("queue:refused", "no list");
        clock.Advance(TimeSpan.FromHours(1.5));

        await Assert.ThrowsAsync<InvalidOperationException>(() => Runner(steps, clock).Cycle(CancellationToken.None));

        Assert.Single(await steps.Redis.Queue("nightly"));
    }

    [Fact]
    public async Task Letters_of_a_job_stay_as_they_are_written()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, nightly with { Job = "{\"args\":[\"é<\"],\"class\":\"A\"}"u8.ToArray() });
        clock.Advance(TimeSpan.FromHours(1));

        await Runner(steps, clock).Cycle(CancellationToken.None);

        Assert.Contains("[\"é<\"]", Assert.Single(await steps.Redis.Queue("nightly")), StringComparison.Ordinal);
    }
}
