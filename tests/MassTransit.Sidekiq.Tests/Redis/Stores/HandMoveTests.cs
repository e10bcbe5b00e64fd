namespace MassTransit.Sidekiq.Tests.Redis;

// The steps by which people move and change jobs: each is done once, and a refusal leaves the job where it was.
public sealed class HandMoveTests
{
    public static TheoryData<string> Steps => ["push", "replace", "one", "next"];

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Changed_job_takes_the_place_of_the_one_that_was_read(string step)
    {
        await using var steps = await RedisSteps.Open();
        await Seed(steps);

        Assert.Equal(1, await Run(steps, step));
        Assert.Equal(0, await Run(steps, step));

        Assert.Equal(
            step == "replace" ? "changed" : "job",
            (await steps.Redis.RetrySet()).Select(entry => entry.Job).LastOrDefault("job")
        );
        Assert.Equal(step == "replace" ? ["waits"] : ["waits", "changed"], await steps.Redis.Queue("mail"));
        Assert.Equal(step is "one" or "next" ? 0 : 1, (await steps.Redis.Queue("orders")).Length);
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Of_many_clicks_one_moves_the_job(string step)
    {
        await using var steps = await RedisSteps.Open();
        await Seed(steps);

        var done = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Run(steps, step)));

        Assert.Equal(1, done.Sum());
    }

    [Fact]
    public async Task Job_that_a_poller_moves_at_the_same_time_is_pushed_by_one_of_the_two()
    {
        await using var steps = await RedisSteps.Open();
        await Seed(steps);
        var due = new DueMove("job"u8.ToArray(), "due".Bytes(), "mail");

        var polled = steps.Another().DueJobs.PushDue(DueSet.Retry, [due]);
        var pushed = Run(steps, "push");

        Assert.Equal(1, await pushed + (await polled).Moved);
        Assert.Equal(2, (await steps.Redis.Queue("mail")).Length);
        Assert.Empty(await steps.Redis.RetrySet());
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Refused_step_changes_nothing(string step)
    {
        await using var steps = await RedisSteps.Open();
        await Seed(steps);
        await steps.Redis.Db.KeyDeleteAsync("queue:mail");
        await steps.Redis.Db.StringSetAsync("queue:mail", "no list");
        if (step == "replace")
        {
            await steps.Redis.Db.StringSetAsync("mt:temporaries", "no set");
        }

        var before = await steps.Redis.Snapshot();
        await Assert.ThrowsAsync<SidekiqRedisException>(() => Run(steps, step));

        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Job_is_moved_even_when_memory_is_full(string step)
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await Seed(steps);
        await steps.Redis.Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        Assert.Equal(1, await Run(steps, step));
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Temporary_queue_takes_no_job_of_people(string step)
    {
        await using var steps = await RedisSteps.Open();
        await Seed(steps);
        await steps.Topics.CreateTemporary("mail", RedisSteps.Life);
        var before = await steps.Redis.Snapshot();

        Assert.Equal(-1, await Run(steps, step));

        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    // A set holds each member once: two equal ones would become one.
    [Fact]
    public async Task Job_that_would_become_equal_to_another_one_of_its_set_stays_as_it_is()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedRetrySet("job", RedisSteps.Now);
        await steps.Redis.SeedRetrySet("changed", RedisSteps.Now.AddHours(1));
        var before = await steps.Redis.Snapshot();

        Assert.Equal(-2, await Run(steps, "replace"));
        Assert.Equal(before, await steps.Redis.Snapshot());

        Assert.Equal(1, await steps.DueJobs.Replace(DueSet.Retry, "job"u8.ToArray(), "job".Bytes(), "mail"));
        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Fact]
    public async Task Job_that_is_pushed_by_hand_leaves_no_token_behind_and_its_queue_is_listed()
    {
        await using var steps = await RedisSteps.Open();
        var token = Guid.NewGuid();
        await steps.Jobs.Schedule("job".Bytes(), RedisSteps.Now.AddHours(1), token);

        var move = new DueMove("job"u8.ToArray(), "changed".Bytes(), "new", Token: token);
        Assert.Equal(1, await steps.DueJobs.PushChanged(DueSet.Schedule, move));

        Assert.Equal(["queue:new", "queues"], await steps.Redis.Keys());
        Assert.Equal(["new"], await steps.Redis.Queues());
    }

    [Theory]
    [InlineData("one")]
    [InlineData("next")]
    public async Task Queue_that_jobs_are_moved_to_is_listed(string step)
    {
        await using var steps = await RedisSteps.Open();
        await Seed(steps);
        await steps.Redis.Db.KeyDeleteAsync(["queue:mail", "queues"]);

        Assert.Equal(1, await Run(steps, step));

        Assert.Equal(["mail"], await steps.Redis.Queues());
    }

    [Fact]
    public async Task Jobs_that_workers_took_or_that_came_to_the_head_since_are_not_moved()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedQueue("orders", "returned", "2", "3", "4");

        var moved = await Store(steps).MoveNext("orders", "mail", [.. new[] { "1", "2", "3" }.Select(Pair)]);

        Assert.Equal(2, moved);
        Assert.Equal(["2'", "3'"], await steps.Redis.Queue("mail"));
        Assert.Equal(["returned", "4"], await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task Refused_move_of_the_next_jobs_leaves_them_in_their_order()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedQueue("orders", "1", "new", "2", "3");
        await steps.Redis.Db.StringSetAsync("queue:mail", "no list");

        await Assert.ThrowsAsync<SidekiqRedisException>(() =>
            Store(steps).MoveNext("orders", "mail", [.. new[] { "1", "2", "3" }.Select(Pair)])
        );

        Assert.Equal(["1", "new", "2", "3"], await steps.Redis.Queue("orders"));
    }

    static (byte[] Job, ReadOnlyMemory<byte> Changed) Pair(string job) => (job.Bytes().ToArray(), (job + "'").Bytes());

    static InspectionStore Store(RedisSteps steps) => new(steps.Connection, steps.Keys);

    static async Task Seed(RedisSteps steps)
    {
        await steps.Redis.SeedRetrySet("job", RedisSteps.Now);
        await steps.Redis.SeedQueue("orders", "job");
        await steps.Redis.SeedQueue("mail", "waits");
    }

    static Task<long> Run(RedisSteps steps, string step)
    {
        var (job, changed) = ("job"u8.ToArray(), "changed".Bytes());
        return step switch
        {
            "push" => steps.DueJobs.PushChanged(DueSet.Retry, new DueMove(job, changed, "mail")),
            "replace" => steps.DueJobs.Replace(DueSet.Retry, job, changed, "mail"),
            "one" => Store(steps).MoveOne("orders", "mail", job, changed),
            _ => Store(steps).MoveNext("orders", "mail", [(job, changed)]),
        };
    }
}
