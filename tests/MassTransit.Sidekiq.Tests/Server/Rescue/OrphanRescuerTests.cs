using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

/// <summary>The cycle; what a rescue makes of a job is for the tests of its step to show.</summary>
public sealed class OrphanRescuerTests
{
    static readonly TimeSpan lease = TimeSpan.FromSeconds(15);

    // Shorter than any outage was ago.
    static readonly TimeSpan shortLease = TimeSpan.FromMilliseconds(2);

    readonly ListLogger log = new();

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public OrphanRescuerTests() => LogContext.ConfigureCurrentLogContext(log);

    [Fact]
    public async Task Jobs_of_a_dead_process_are_back_in_their_queue_and_told_of_once()
    {
        await using var steps = await RedisSteps.Open();
        await Die(steps, "orders", "1", "2");

        Assert.Equal(lease / 3, await Cycle(steps));
        Assert.Equal(["1", "2"], await steps.Redis.Queue("orders"));
        await Cycle(steps);

        Assert.Matches("2 jobs.* dead.* orders", Assert.Single(log.Lines));
    }

    [Fact]
    public async Task Hundreds_of_jobs_are_rescued_in_one_cycle()
    {
        await using var steps = await RedisSteps.Open();
        await Die(steps, "orders", [.. Enumerable.Range(1, 250).Select(number => $"{number}")]);

        await Cycle(steps);

        Assert.Equal(250, (await steps.Redis.Queue("orders")).Length);
        Assert.Single(log.Lines);
    }

    [Fact]
    public async Task Process_that_lives_keeps_its_jobs()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Connection.Working.Ping(Stop);
        await Die(steps, "orders", "1");
        await steps.Redis.Db.StringSetAsync("mt:alive:dead", 1);
        var before = await steps.Redis.Snapshot();

        await Cycle(steps);

        before["mt:rescuer"] = $"string (expires) host:1:a {steps.Connection.Ids}";
        Assert.Equal(before, await steps.Redis.Snapshot());
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task One_process_looks_for_all()
    {
        await using var steps = await RedisSteps.Open();
        var other = steps.Another();
        await Cycle(other);
        await Die(steps, "orders", "1");

        await Cycle(steps);
        Assert.Empty(await steps.Redis.Queue("orders"));

        await Cycle(other);
        Assert.Single(await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task Jobs_of_a_killed_process_are_back_long_before_its_lease_would_have_ended()
    {
        await using var steps = await RedisSteps.Open();
        var victim = steps.Another();
        await victim.Connection.Working.Ping(Stop);
        await victim.Alive("orders");
        await steps.Redis.SeedQueue("orders", "1", "2");
        await victim.Claim(2, "orders");
        var (clock, life) = (new FakeClock(), TimeSpan.FromSeconds(15));
        var rescuer = new OrphanRescuer(Stores(steps), new JobDeaths(), new Fleet(new Random(1)), clock, life);
        await rescuer.Cycle(Stop);
        await victim.Kill();
        await rescuer.Cycle(Stop);
        Assert.Empty(await steps.Redis.Queue("orders"));

        clock.Advance(life * 2 / 15);
        await steps.Redis.Db.KeyExpireAsync(victim.Keys.Alive, RedisSteps.Life - TimeSpan.FromSeconds(3));
        await rescuer.Cycle(Stop);

        Assert.Equal(["1", "2"], await steps.Redis.Queue("orders"));
        Assert.Matches("2 jobs.* dead.* orders", Assert.Single(log.Lines));
    }

    [Fact]
    public async Task Nobody_is_taken_for_dead_before_Redis_has_run_for_a_lease()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await steps.Connection.Connected(TestContext.Current.CancellationToken).InTime();
        await Die(steps, "orders", "1");

        Assert.Equal(lease / 3, await Cycle(steps));
        Assert.Empty(await steps.Redis.Queue("orders"));

        await Until(async () =>
        {
            await Cycle(steps, shortLease);
            return (await steps.Redis.Queue("orders")).Length == 1;
        });
    }

    [Fact]
    public async Task Nobody_is_taken_for_dead_within_a_lease_after_an_outage()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        var back = new TaskCompletionSource();
        steps.Connection.Back += (_, _) => back.TrySetResult();
        await steps.Leases.Renew(RedisSteps.Life);

        await server.Kill();
        await Assert.ThrowsAsync<ConnectionException>(() => steps.Leases.Renew(RedisSteps.Life));
        await server.Restart();
        await back.Task.InTime();
        await Die(steps, "orders", "1");

        await Cycle(steps);
        Assert.Empty(await steps.Redis.Queue("orders"));

        await Until(async () =>
        {
            await Cycle(steps, shortLease);
            return (await steps.Redis.Queue("orders")).Length == 1;
        });
    }

    [Fact]
    public async Task Queue_that_refuses_its_jobs_does_not_hold_up_those_of_another()
    {
        await using var steps = await RedisSteps.Open();
        await Die(steps, "orders", "job");
        await Die(steps, "mails", "job");
        // Whichever Redis names first.
        var first = $"{(await steps.Redis.Db.SetMembersAsync("mt:owners"))[0]}".Split('|')[1];
        var other = first == "orders" ? "mails" : "orders";
        await steps.Redis.Db.StringSetAsync($"queue:{first}", "no list");

        var refusal = await Assert.ThrowsAsync<SidekiqRedisException>(() => Cycle(steps));

        Assert.Contains($"queue:{first}", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["job"], await steps.Redis.Queue(other));
        Assert.Equal("job", await steps.Redis.Db.HashGetAsync($"mt:working:dead:{first}", 1));
    }

    [Fact]
    public async Task Rescue_that_is_told_to_stop_begins_no_further_step()
    {
        await using var steps = await RedisSteps.Open();
        await Die(steps, "orders", "1");

        await Assert.ThrowsAsync<OperationCanceledException>(() =>
            Rescuer(steps, lease).Cycle(new CancellationToken(canceled: true))
        );

        Assert.Empty(await steps.Redis.Queue("orders"));
    }

    static Task<TimeSpan> Cycle(RedisSteps process, TimeSpan? life = null) =>
        Rescuer(process, life ?? lease).Cycle(CancellationToken.None);

    static OrphanRescuer Rescuer(RedisSteps process, TimeSpan life) =>
        new(Stores(process), new JobDeaths(), new Fleet(new Random(1)), new FakeClock(), life);

    static RedisStores Stores(RedisSteps process) => new(process.Connection, process.Keys, DeadSet.Default);

    // A process that was killed with these jobs in its hands, in this order.
    static async Task Die(RedisSteps steps, string queue, params string[] jobs)
    {
        await steps.Redis.Db.SetAddAsync("mt:owners", $"dead|{queue}");
        for (var number = 1; number <= jobs.Length; number++)
        {
            await steps.Redis.Db.HashSetAsync($"mt:working:dead:{queue}", number, jobs[number - 1]);
        }
    }
}
