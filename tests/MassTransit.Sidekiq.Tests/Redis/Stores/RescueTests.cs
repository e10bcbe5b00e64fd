namespace MassTransit.Sidekiq.Tests.Redis;

public class RescueTests
{
    static readonly Orphan Orders = new("host:1:a", "orders");

    [Fact]
    public async Task Jobs_of_a_dead_process_return_to_the_head_in_order_and_the_landed_one_after_them()
    {
        await using var steps = await Dead("1", "2", "3");
        var rescuer = steps.Another();
        await steps.Redis.Db.ListLeftPushAsync(steps.Keys.Queue("orders").Landing, "4");
        await steps.Redis.SeedQueue("orders", "5");

        Assert.Equal((4, 0, 0), Counts(await rescuer.Leases.Rescue(Orders, RedisSteps.Now)));

        Assert.Equal(["1", "2", "3", "4", "5"], await steps.Redis.Queue("orders"));
        Assert.Empty(await steps.Working("orders"));
        Assert.Empty((await rescuer.Watch.Look()).Orphans);
    }

    [Fact]
    public async Task Order_holds_over_many_small_steps()
    {
        var jobs = Enumerable.Range(1, 25).Select(number => $"{number}").ToArray();
        await using var steps = await Dead(jobs);
        var rescuer = steps.Another();
        await steps.Redis.Db.ListLeftPushAsync(steps.Keys.Queue("orders").Landing, ["26", "27", "28"]);

        RescueResult moved;
        var calls = 0;
        do
        {
            moved = await rescuer.Leases.Rescue(Orders, RedisSteps.Now, limit: 2);
            calls++;
        } while (moved.Left > 0);

        Assert.Equal(14, calls);
        Assert.Equal(jobs.Concat(["26", "27", "28"]), await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task Queue_of_rescued_jobs_is_known_again()
    {
        await using var steps = await Dead("1");
        await steps.Redis.Db.KeyDeleteAsync("queues");

        await steps.Another().Leases.Rescue(Orders, RedisSteps.Now);

        Assert.Equal(["orders"], await steps.Redis.Queues());
    }

    [Fact]
    public async Task Nothing_is_taken_from_a_process_that_lives_after_all()
    {
        await using var steps = await Dead("1");
        await steps.Leases.Renew(RedisSteps.Life);
        var before = await steps.Redis.Snapshot();

        Assert.Equal((0, 0, -1), Counts(await steps.Another().Leases.Rescue(Orders, RedisSteps.Now)));

        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Fact]
    public async Task Two_rescuers_move_each_job_once()
    {
        var jobs = Enumerable.Range(1, 60).Select(number => $"{number}").ToArray();
        await using var steps = await Dead(jobs);
        var one = steps.Another("host:2:b");
        var two = steps.Another("host:3:c");

        var moved = await Task.WhenAll(
            Enumerable
                .Range(0, 40)
                .Select(call => (call % 2 == 0 ? one : two).Leases.Rescue(Orders, RedisSteps.Now, limit: 3))
        );

        Assert.Equal(60, moved.Sum(step => step.Rescued));
        Assert.Equal(jobs, await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task Job_that_lost_its_process_three_times_is_poison()
    {
        const string job = """{"class":"A","args":[],"jid":"abc","queue":"orders"}""";
        await using var steps = await Dead(job);
        var rescuer = steps.Another();

        Assert.Equal((1, 0, 0), Counts(await rescuer.Leases.Rescue(Orders, RedisSteps.Now)));
        await DieAgain(steps);
        Assert.Equal((1, 0, 0), Counts(await rescuer.Leases.Rescue(Orders, RedisSteps.Now)));
        var life = await steps.Redis.Db.KeyTimeToLiveAsync("mt:poison:abc");
        await DieAgain(steps);
        Assert.Equal((0, 1, 0), Counts(await rescuer.Leases.Rescue(Orders, RedisSteps.Now)));

        Assert.InRange(life!.Value, TimeSpan.FromHours(71), TimeSpan.FromHours(72));
        Assert.Empty(await steps.Redis.Queue("orders"));
        Assert.False(await steps.Redis.Db.KeyExistsAsync("mt:poison:abc"));
        var dead = Assert.Single(await steps.Redis.DeadSet());
        Assert.Equal(SetEntry.ToScore(RedisSteps.Now), dead.Score);
        Assert.StartsWith(job[..^1] + ""","error_class":""", dead.Job, StringComparison.Ordinal);
        var buried = SidekiqJob.Parse(dead.Job.Bytes(), "orders");
        Assert.Contains("died 3 times", buried.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(RedisSteps.Now, buried.FailedAt);
        Assert.Equal(0, buried.RetryCount);
    }

    [Fact]
    public async Task Poison_that_had_failed_before_keeps_when_and_how_often()
    {
        var failedAt = RedisSteps.Now.AddSeconds(-0.5);
        await using var steps = await Dead(
            $$"""{"jid":"abc","retry_count":4,"failed_at":{{TestClock.Seconds(failedAt)}},"error_class":"Old"}"""
        );

        await steps.Another().Leases.Rescue(Orders, RedisSteps.Now, poisonLimit: 1);

        var buried = SidekiqJob.Parse(Assert.Single(await steps.Redis.DeadSet()).Job.Bytes(), "orders");
        Assert.Equal(4, buried.RetryCount);
        Assert.Equal(failedAt, buried.FailedAt);
        Assert.Equal("MassTransit.Sidekiq.PoisonJob", buried.ErrorClass);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[1,{}]")]
    [InlineData("\"text}\"")]
    [InlineData("{\"a\":1} {}")]
    public async Task Poison_that_is_no_job_is_buried_as_it_is(string text)
    {
        await using var steps = await Dead(text);

        Assert.Equal((0, 1, 0), Counts(await steps.Another().Leases.Rescue(Orders, RedisSteps.Now, poisonLimit: 1)));

        Assert.Equal(text, Assert.Single(await steps.Redis.DeadSet()).Job);
    }

    [Fact]
    public async Task Death_of_poison_is_told_once()
    {
        await using var steps = await Dead("""{"jid":"abc","class":"A"}""");
        var (deaths, told) = (new JobDeaths(), new List<(string? Jid, string Queue, string? Error, Exception Cause)>());
        deaths.Add(
            (job, cause) =>
            {
                told.Add((job.Jid, job.Queue, job.ErrorClass, cause));
                return Task.CompletedTask;
            }
        );
        await steps.Redis.Db.StringSetAsync("mt:poison:abc", 2);

        var rescuer = new OrphanRescuer(
            new RedisStores(steps.Connection, steps.Another().Keys, DeadSet.Default),
            deaths,
            new Fleet(new Random(1)),
            new FakeClock(),
            TimeSpan.FromSeconds(5)
        );
        await rescuer.Cycle(TestContext.Current.CancellationToken);
        await rescuer.Cycle(TestContext.Current.CancellationToken);

        var death = Assert.Single(told);
        Assert.Equal(("abc", "orders", "MassTransit.Sidekiq.PoisonJob"), (death.Jid, death.Queue, death.Error));
        Assert.IsType<PoisonJobException>(death.Cause);
        Assert.Single(await steps.Redis.DeadSet());
    }

    [Fact]
    public async Task Empty_poison_becomes_readable_JSON()
    {
        await using var steps = await Dead("{}");

        await steps.Another().Leases.Rescue(Orders, RedisSteps.Now, poisonLimit: 1);

        var buried = SidekiqJob.Parse(Assert.Single(await steps.Redis.DeadSet()).Job.Bytes(), "orders");
        Assert.Equal("MassTransit.Sidekiq.PoisonJob", buried.ErrorClass);
    }

    [Fact]
    public async Task Poison_that_must_not_be_kept_is_discarded()
    {
        await using var steps = await Dead("""{"jid":"abc","dead":false}""");

        Assert.Equal((0, 1, 0), Counts(await steps.Another().Leases.Rescue(Orders, RedisSteps.Now, poisonLimit: 1)));

        Assert.Empty(await steps.Redis.DeadSet());
        Assert.Empty(await steps.Redis.Queue("orders"));
    }

    [Theory]
    [InlineData("""{"class":"A"}""")]
    [InlineData("""{"jid":17}""")]
    [InlineData("""{"jid":"dead\nbeef:*"}""")]
    [InlineData("""{"jid":"0000000000000000000000000000000000000000000000000000000000000000000"}""")]
    public async Task Job_without_a_jid_fit_for_a_key_is_counted_by_its_text(string job)
    {
        await using var steps = await Dead(job);

        await steps.Another().Leases.Rescue(Orders, RedisSteps.Now);

        var counter = Assert.Single(
            await steps.Redis.Keys(),
            key => key.StartsWith("mt:poison:", StringComparison.Ordinal)
        );
        Assert.Matches("^mt:poison:[0-9a-f]{40}$", counter);
    }

    [Fact]
    public async Task Job_that_only_landed_is_not_counted()
    {
        await using var steps = await Dead();
        await steps.Redis.Db.ListLeftPushAsync(steps.Keys.Queue("orders").Landing, """{"jid":"abc"}""");

        await steps.Another().Leases.Rescue(Orders, RedisSteps.Now, poisonLimit: 1);

        Assert.Equal(["""{"jid":"abc"}"""], await steps.Redis.Queue("orders"));
        Assert.False(await steps.Redis.Db.KeyExistsAsync("mt:poison:abc"));
    }

    [Fact]
    public async Task Dead_set_is_trimmed_when_poison_enters_it()
    {
        await using var steps = await Dead("poison");
        await steps.Redis.SeedDeadSet("forgotten", RedisSteps.Now.AddDays(-181));

        await steps.Another().Leases.Rescue(Orders, RedisSteps.Now, poisonLimit: 1);

        Assert.Equal(["poison"], (await steps.Redis.DeadSet()).Select(entry => entry.Job));
    }

    [Fact]
    public async Task Dead_set_never_holds_ten_thousand()
    {
        await using var steps = await Dead("poison");
        await steps.FillDeadSet(10_050);

        await steps.Another().Leases.Rescue(Orders, RedisSteps.Now, poisonLimit: 1);

        var dead = await steps.Redis.DeadSet();
        Assert.Equal(9_999, dead.Length);
        Assert.Equal("poison", dead[^1].Job);
    }

    [Fact]
    public async Task Jobs_of_a_temporary_queue_that_has_ended_are_dropped()
    {
        await using var steps = await Dead("1", "2");
        await steps.Topics.CreateTemporary("orders", RedisSteps.Life);
        await steps.Redis.Db.KeyDeleteAsync("mt:temporary:orders");

        Assert.Equal((0, 0, 0), Counts(await steps.Another().Leases.Rescue(Orders, RedisSteps.Now)));

        Assert.Empty(await steps.Redis.Queue("orders"));
        Assert.Empty(await steps.Working("orders"));
        Assert.Empty((await steps.Watch.Look()).Orphans);
    }

    [Fact]
    public async Task Jobs_of_a_temporary_queue_that_lives_return_and_expire_with_it()
    {
        await using var steps = await Dead("1");
        await steps.Topics.CreateTemporary("orders", RedisSteps.Life);
        await steps.Redis.Db.KeyDeleteAsync("queues");

        await steps.Another().Leases.Rescue(Orders, RedisSteps.Now);

        Assert.Equal(["1"], await steps.Redis.Queue("orders"));
        Assert.Empty(await steps.Redis.Queues());
        Assert.NotNull(await steps.Redis.Db.KeyTimeToLiveAsync("queue:orders"));
    }

    [Fact]
    public async Task Queue_of_another_type_keeps_the_jobs_where_they_are()
    {
        await using var steps = await Dead("1", "2");
        await steps.Redis.Db.StringSetAsync("queue:orders", "no list");

        var rescuer = steps.Another();
        for (var found = 1; found <= 3; found++)
        {
            var refused = await rescuer.Leases.Rescue(Orders, RedisSteps.Now);
            Assert.StartsWith("WRONGTYPE", refused.Refusal, StringComparison.Ordinal);
            Assert.Equal((0, 2), (refused.Rescued, refused.Left));
        }

        // Nobody had them in hand, so that they are not nearer to being poison.
        Assert.Equal(["1", "2"], await steps.Working("orders"));
        Assert.DoesNotContain(await steps.Redis.Keys(), key => key.StartsWith("mt:poison", StringComparison.Ordinal));
        await steps.Redis.Db.KeyDeleteAsync("queue:orders");
        Assert.Equal((2, 0, 0), Counts(await rescuer.Leases.Rescue(Orders, RedisSteps.Now)));
    }

    [Fact]
    public async Task Dead_set_of_another_type_keeps_the_poison_and_lets_the_others_go()
    {
        const string Poison = """{"jid":"p0"}""";
        await using var steps = await Dead(Poison, "2");
        await steps.Redis.Db.StringSetAsync("dead", "no set");
        await steps.Redis.Db.StringSetAsync("mt:poison:p0", 2);

        var moved = await steps.Another().Leases.Rescue(Orders, RedisSteps.Now);

        Assert.StartsWith("WRONGTYPE", moved.Refusal, StringComparison.Ordinal);
        Assert.Equal((1, 1), (moved.Rescued, moved.Left));
        Assert.Equal(["2"], await steps.Redis.Queue("orders"));
        Assert.Equal([Poison], await steps.Working("orders"));
    }

    static async Task<RedisSteps> Dead(params string[] jobs)
    {
        var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        if (jobs.Length > 0)
        {
            await steps.Redis.SeedQueue("orders", jobs);
            await steps.Claim(jobs.Length, "orders");
        }

        await steps.Die();
        return steps;
    }

    static async Task DieAgain(RedisSteps steps)
    {
        await steps.Leases.Renew(RedisSteps.Life);
        await steps.Claim(1, "orders");
        await steps.Die();
    }

    static (int Rescued, int Poisoned, int Left) Counts(RescueResult moved) =>
        (moved.Rescued, moved.Poison.Count, moved.Left);
}
