using MassTransit.Sidekiq.Tests.Redis;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class DueJobPollerTests(ITestOutputHelper output)
{
    static readonly DateTimeOffset Now = RedisSteps.Now;

    [Fact]
    public async Task Job_that_Ruby_pushed_for_a_queue_of_its_own_is_left_to_Ruby_for_a_minute()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Now);
        await steps.Redis.SeedScheduledSet(Job(1, "rubys"), Now);
        await steps.Redis.SeedRetrySet(Job(2, "rubys"), Now.AddSeconds(-30));

        var poller = Poller(steps, clock);
        Assert.Equal(TimeSpan.FromSeconds(1), await poller.Cycle(CancellationToken.None));
        Assert.Empty(await steps.Redis.Queue("rubys"));

        clock.Advance(TimeSpan.FromSeconds(30));
        await poller.Cycle(CancellationToken.None);
        Assert.Single(await steps.Redis.Queue("rubys"));

        clock.Advance(TimeSpan.FromSeconds(30));
        await poller.Cycle(CancellationToken.None);
        Assert.Equal(2, (await steps.Redis.Queue("rubys")).Length);
    }

    [Fact]
    public async Task Job_of_Ruby_moves_at_once_when_it_is_asked_for()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedScheduledSet(Job(1, "rubys"), Now);

        await Poller(steps, new FakeClock(Now), movesRubyJobs: true).Cycle(CancellationToken.None);

        Assert.Single(await steps.Redis.Queue("rubys"));
    }

    [Fact]
    public async Task Jobs_of_NET_and_jobs_for_any_queue_of_NET_move_at_once_past_hundreds_of_Rubys()
    {
        await using var steps = await RedisSteps.Open();
        var other = steps.Another();
        other.Leases.Own("theirs");
        await other.Leases.Renew(RedisSteps.Life);
        await steps.Redis.Db.SortedSetAddAsync(
            "schedule",
            [.. Enumerable.Range(0, 350).Select(n => new SortedSetEntry(Job(n, "rubys"), Score.ToSeconds(Now) - 9))]
        );
        await steps.Redis.SeedScheduledSet(Job(1, "theirs"), Now);
        await steps.Redis.SeedScheduledSet(Job(2, "anybodys", mt: true), Now);

        var poller = Poller(steps, new FakeClock(Now));
        await poller.Cycle(CancellationToken.None);

        Assert.Single(await steps.Redis.Queue("theirs"));
        Assert.Single(await steps.Redis.Queue("anybodys"));
        Assert.Equal(350, (await steps.Redis.ScheduledSet()).Length);

        // What is left is looked at again now and then; what comes meanwhile moves at once.
        await steps.Redis.SeedScheduledSet(Job(3, "theirs"), Now);
        await poller.Cycle(CancellationToken.None);
        Assert.Equal(2, (await steps.Redis.Queue("theirs")).Length);
    }

    [Fact]
    public async Task Many_processes_read_what_is_due_once()
    {
        const int Jobs = 2_000;
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await steps.Redis.Db.SortedSetAddAsync(
            "schedule",
            [.. Enumerable.Range(0, Jobs).Select(n => new SortedSetEntry(Job(n, "own", mt: true), n))]
        );
        var pollers = Enumerable
            .Range(0, 20)
            .Select(n => Poller(steps.Another($"host:{n}:x"), new FakeClock(Now)))
            .ToList();

        await Task.WhenAll(pollers.Select(poller => poller.Cycle(CancellationToken.None)));

        Assert.Equal(Jobs, (await steps.Redis.Queue("own")).Length);
        Assert.InRange(await server.Calls("zrange"), Jobs / 100, (Jobs / 100) + 10);
        Assert.False(await steps.Redis.Db.KeyExistsAsync("mt:polling"));
    }

    [Fact]
    public async Task Few_processes_poll_when_the_next_job_is_due_and_a_thousand_do_not_all()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedScheduledSet(Job(1, "own", mt: true), Now.AddSeconds(0.25));
        var fleet = new Fleet(new Random(1));
        var poller = Poller(steps, new FakeClock(Now), fleet: fleet);

        Assert.Equal(TimeSpan.FromSeconds(0.25), await poller.Cycle(CancellationToken.None));
        fleet.Processes = 10;
        Assert.Equal(TimeSpan.FromSeconds(0.25), await poller.Cycle(CancellationToken.None));
        fleet.Processes = 1001;
        Assert.Equal(TimeSpan.FromSeconds(5), await poller.Cycle(CancellationToken.None));
    }

    [Fact]
    public async Task Process_among_thirty_polls_every_three_seconds()
    {
        await using var steps = await RedisSteps.Open();
        var poller = Poller(steps, new FakeClock(Now), fleet: new Fleet(new Random(1)) { Processes = 30 });

        Assert.InRange(
            await poller.Cycle(CancellationToken.None),
            TimeSpan.FromSeconds(2.25),
            TimeSpan.FromSeconds(3.75)
        );
    }

    [Fact]
    public async Task Turn_of_a_process_that_died_ends()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedScheduledSet(Job(1, "own", mt: true), Now);
        await steps.DueJobs.TakeTurn(Now);

        var other = Poller(steps.Another(), new FakeClock(Now));
        await other.Cycle(CancellationToken.None);
        Assert.Empty(await steps.Redis.Queue("own"));

        await steps.Redis.Until(async state =>
        {
            await other.Cycle(CancellationToken.None);
            return (await state.Queue("own")).Length == 1;
        });
    }

    [Fact]
    public async Task Hundreds_that_Redis_refuses_hold_up_neither_their_set_nor_the_other_and_are_told_once()
    {
        await using var redis = await RedisServer.Lease();
        var due = SetEntry.ToScore(TimeProvider.System.GetUtcNow()) - 100;
        await redis.Db.StringSetAsync("queue:refusing", "no list");
        await redis.Db.SortedSetAddAsync(
            "retry",
            [.. Enumerable.Range(0, 250).Select(n => new SortedSetEntry(Job(n, "refusing"), due))]
        );
        await redis.Db.SortedSetAddAsync("retry", Job(1, "taken"), due + 1);
        await redis.Db.SortedSetAddAsync("schedule", Job(2, "taken"), due + 1);

        await using var bus = await Start(redis);
        await redis.Until(async state => (await state.Queue("taken")).Length == 2);
        await redis.Db.SortedSetAddAsync("schedule", Job(3, "taken"), due + 2);
        await redis.Until(async state => (await state.Queue("taken")).Length == 3);

        Assert.Equal(250, (await redis.RetrySet()).Length);
        Assert.Single(
            bus.Log,
            line => line.Contains("Due jobs of Retry for refusing stay there", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Set_of_another_type_does_not_stop_the_other()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.StringSetAsync("retry", "no set");
        await redis.SeedScheduledSet(Job(1, "taken"), TimeProvider.System.GetUtcNow().AddMinutes(-2));

        await using var bus = await Start(redis);
        await redis.Until(async state => (await state.Queue("taken")).Length == 1);
        await redis.SeedScheduledSet(Job(2, "taken"), TimeProvider.System.GetUtcNow().AddMinutes(-2));
        await redis.Until(async state => (await state.Queue("taken")).Length == 2);

        Assert.Single(bus.Log, line => line.Contains("Redis refuses the set Retry", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Text_that_no_dead_set_takes_stays_and_holds_up_nobody()
    {
        await using var redis = await RedisServer.Lease();
        var past = TimeProvider.System.GetUtcNow().AddMinutes(-2);
        await redis.Db.StringSetAsync("dead", "no set");
        await redis.SeedScheduledSet("{no job", past);
        await redis.SeedScheduledSet(Job(1, "taken"), past.AddSeconds(1));

        await using var bus = await Start(redis);
        await redis.Until(async state => (await state.Queue("taken")).Length == 1);

        Assert.Equal("{no job", Assert.Single(await redis.ScheduledSet()).Job);
    }

    Task<TestBus> Start(RedisDatabase redis) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("own", e => e.Handler<SubmitOrder>(_ => Task.CompletedTask))
        );

    static DueJobPoller Poller(RedisSteps process, FakeClock clock, bool movesRubyJobs = false, Fleet? fleet = null) =>
        new(
            process.DueJobs,
            new SidekiqTransportOptions { MovesRubyJobs = movesRubyJobs },
            fleet ?? new Fleet(new Random(1)),
            clock
        );

    static string Job(int number, string queue, bool mt = false) =>
        $$"""{"class":"A","args":[{{number}}],"queue":"{{queue}}","jid":"{{number}}","retry":true{{(mt ? ",\"mt\":{}" : "")}}}""";

    public sealed record SubmitOrder(int Id);
}
