using System.Text;
using MassTransit.Sidekiq.Tests.Redis;
using static MassTransit.Sidekiq.Tests.Server.PeriodicSteps;

namespace MassTransit.Sidekiq.Tests.Server;

/// <summary>The last runs of a periodic job, written by the step that enqueues a run.</summary>
public class PeriodicHistoryTests
{
    const string Runs = "mt:periodic:runs:App:often";

    static readonly PeriodicJob often = Job("App:often", "*/5 * * * *");

    [Fact]
    public async Task Run_is_kept_with_its_time_and_the_jid_of_its_job()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, often);
        await Run(steps, clock, times: 2);

        var runs = await History(steps);

        Assert.Equal([Time("07:10"), Time("07:05")], runs.Select(run => run.At));
        Assert.All(runs, run => Assert.Equal(1, run.Copies));
        Assert.Equal(
            (await steps.Redis.Queue("often"))
                .Select(job => SidekiqJob.Parse(Encoding.UTF8.GetBytes(job), "").Jid)
                .Reverse(),
            runs.Select(run => Assert.Single(run.Jobs).Jid)
        );
        Assert.Equal(("often", "Nightly"), (runs[0].Jobs[0].Queue, runs[0].Jobs[0].Class));
    }

    [Fact]
    public async Task Only_the_last_25_runs_are_kept()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, often);
        await Run(steps, clock, times: 27);

        Assert.Equal(25, await steps.Redis.Db.ListLengthAsync(Runs));
        Assert.Equal(25, (await History(steps)).Count);
    }

    [Fact]
    public async Task Run_that_is_skipped_is_not_kept()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, often with { CatchUp = TimeSpan.Zero });

        clock.Advance(TimeSpan.FromMinutes(12));
        await Runner(steps, clock).Cycle(CancellationToken.None);

        Assert.Equal(Time("07:15"), Assert.Single(await Store(steps).List()).Due);
        Assert.False(await steps.Redis.Db.KeyExistsAsync(Runs));
    }

    [Fact]
    public async Task Run_for_a_topic_is_kept_with_at_most_ten_of_its_jobs()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, often with { Target = new PeriodicTarget { Topic = "Shop:Tick" } });
        await Run(steps, clock, times: 1);
        for (var queue = 0; queue < 12; queue++)
        {
            await steps.Redis.Db.HashSetAsync("mt:topic:Shop:Tick", $"q{queue:00}|Tick::Job", "");
        }

        await Run(steps, clock, times: 1);

        var runs = await History(steps);
        Assert.Equal([12, 0], runs.Select(run => run.Copies));
        Assert.Equal([10, 0], runs.Select(run => run.Jobs.Count));
        Assert.Equal("Tick::Job", runs[0].Jobs[0].Class);
    }

    [Fact]
    public async Task Run_does_not_fail_because_its_history_cannot_be_written()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, often);
        await steps.Redis.Db.StringSetAsync(Runs, "no list");

        await Run(steps, clock, times: 2);

        Assert.Equal(2, (await steps.Redis.Queue("often")).Length);
        Assert.Equal(Time("07:15"), Assert.Single(await Store(steps).List()).Due);
        Assert.Empty(await Store(steps).Runs("App:often"));
    }

    [Fact]
    public async Task Run_that_a_full_Redis_refuses_leaves_no_history()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        var redis = steps.Redis;
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, often);
        await redis.Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        var before = await redis.Snapshot();

        await Assert.ThrowsAsync<ConnectionException>(() => Run(steps, clock, times: 1));

        Assert.Equal(before, await redis.Snapshot());
        await redis.Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await Runner(steps, clock).Cycle(CancellationToken.None);
        Assert.Equal(Time("07:05"), Assert.Single(await History(steps)).At);
    }

    [Fact]
    public async Task History_goes_with_its_job()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));

        await Register(steps, clock, often);
        await Run(steps, clock, times: 1);
        Assert.True(await Store(steps).Remove("App:often"));
        Assert.False(await steps.Redis.Db.KeyExistsAsync(Runs));

        await Register(steps, clock, often);
        await Run(steps, clock, times: 1);
        Assert.True(await steps.Redis.Db.KeyExistsAsync(Runs));
        await Register(steps, clock, Job("App:other", "0 8 * * *"));
        Assert.False(await steps.Redis.Db.KeyExistsAsync(Runs));

        await Register(steps, clock, often with { Until = clock.GetUtcNow().AddMinutes(12) });
        await Run(steps, clock, times: 1);
        Assert.True(await steps.Redis.Db.KeyExistsAsync(Runs));
        await Run(steps, clock, times: 1);
        Assert.False(await steps.Redis.Db.KeyExistsAsync(Runs));
    }

    [Theory]
    [InlineData("junk")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"at":1,"copies":1,"jobs":[]}""")]
    [InlineData("""{"at":"x","copies":1,"jobs":[]}""")]
    [InlineData("""{"at":"1","copies":"x","jobs":[]}""")]
    [InlineData("""{"at":"1","copies":1,"jobs":[1]}""")]
    [InlineData("""{"at":"1","copies":1,"jobs":[[1]]}""")]
    public void What_is_not_a_run_is_left_out(string entry) =>
        Assert.Null(PeriodicHistory.Read(Encoding.UTF8.GetBytes(entry)));

    static async Task Run(RedisSteps steps, FakeClock clock, int times)
    {
        for (var run = 0; run < times; run++)
        {
            clock.Advance(TimeSpan.FromMinutes(5));
            await Runner(steps, clock).Cycle(CancellationToken.None);
        }
    }

    static async Task<IReadOnlyList<SidekiqPeriodicRun>> History(RedisSteps steps) =>
        await Inspecting.JobSetTests.Inspector(steps.Redis).Periodic.Runs("App:often");

    static PeriodicStore Store(RedisSteps steps) => new(steps.Connection, steps.Keys);
}
