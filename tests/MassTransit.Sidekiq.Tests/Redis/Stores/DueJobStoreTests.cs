using System.Text;

namespace MassTransit.Sidekiq.Tests.Redis;

public class DueJobStoreTests
{
    static readonly DateTimeOffset Now = RedisSteps.Now;

    [Fact]
    public async Task Token_goes_with_the_job_that_is_due()
    {
        await using var steps = await RedisSteps.Open();
        var token = Guid.NewGuid();
        var job = $$$"""{"class":"A","args":[],"queue":"a","mt":{"token":"{{{token}}}"}}""";
        await steps.Jobs.Schedule(job.Bytes(), RedisSteps.Now, token);
        var move = DueMove.Of(job.Bytes().ToArray(), RedisSteps.Now, SidekiqTimeFormat.FloatSeconds)!;

        Assert.Equal(1, (await steps.DueJobs.PushDue(DueSet.Schedule, [move])).Moved);

        Assert.Equal(["queue:a", "queues"], (await steps.Redis.Keys()).Order(StringComparer.Ordinal));
        Assert.False(await steps.Jobs.CancelScheduled(token));
    }

    [Fact]
    public async Task Due_jobs_are_read_soonest_first_and_the_others_left_out()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedRetrySet("late", Now.AddSeconds(-1));
        await steps.Redis.SeedRetrySet("later", Now.AddSeconds(1));
        await steps.Redis.SeedRetrySet("latest", Now.AddSeconds(-2));
        await steps.Redis.SeedRetrySet("now", Now);
        await steps.Redis.SeedScheduledSet("scheduled", Now);

        var due = await steps.DueJobs.ReadDue(DueSet.Retry, Now);

        Assert.Equal(["latest", "late", "now"], due.Select(member => Encoding.UTF8.GetString(member.Json)));
        Assert.Equal(Now.AddSeconds(-2), due[0].Due);
        Assert.Equal(["scheduled"], await Members(steps, DueSet.Schedule));
    }

    [Fact]
    public async Task No_more_are_read_than_asked_for()
    {
        await using var steps = await RedisSteps.Open();
        for (var number = 0; number < 5; number++)
        {
            await steps.Redis.SeedRetrySet($"{number}", Now.AddSeconds(number - 10));
        }

        Assert.Equal(["0", "1"], await Members(steps, DueSet.Retry, limit: 2));
    }

    [Fact]
    public async Task Due_job_moves_to_its_queue()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedScheduledSet("due", Now);
        await steps.Redis.SeedScheduledSet("other", Now);
        await steps.Redis.SeedQueue("orders", "waiting");

        var pushed = await steps.DueJobs.PushDue(
            DueSet.Schedule,
            [Move("due", "pushed", "mail"), Move("other", "2", "orders")]
        );

        Assert.Equal((2, null), (pushed.Moved, pushed.Refusal));
        Assert.Empty(await steps.Redis.ScheduledSet());
        Assert.Equal(["pushed"], await steps.Redis.Queue("mail"));
        Assert.Equal(["waiting", "2"], await steps.Redis.Queue("orders"));
        Assert.Equal(["mail", "orders"], await steps.Redis.Queues());
    }

    [Fact]
    public async Task Prefix_goes_before_the_queue_of_a_due_job()
    {
        await using var steps = await RedisSteps.Open(prefix: "myapp:");
        await steps.Jobs.Schedule("due".Bytes(), Now);

        await steps.DueJobs.PushDue(DueSet.Schedule, [Move("due", "due", "mail")]);

        Assert.Equal(["myapp:queue:mail", "myapp:queues"], await steps.Redis.Keys());
    }

    [Fact]
    public async Task Member_that_another_poller_took_is_not_pushed_again()
    {
        await using var steps = await RedisSteps.Open();

        var pushed = await steps.DueJobs.PushDue(DueSet.Retry, [Move("gone", "gone", "mail")]);

        Assert.Equal((0, null), (pushed.Moved, pushed.Refusal));
        Assert.True(await steps.Redis.IsEmpty());
    }

    [Fact]
    public async Task Many_pollers_push_a_job_once()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedRetrySet("due", Now);

        var pushed = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => steps.DueJobs.PushDue(DueSet.Retry, [Move("due", "due", "mail")]))
        );

        Assert.Equal(1, pushed.Sum(step => step.Moved));
        Assert.Equal(["due"], await steps.Redis.Queue("mail"));
    }

    [Fact]
    public async Task Queue_that_refuses_its_job_does_not_hold_up_the_others()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedRetrySet("refused", Now);
        await steps.Redis.SeedRetrySet("moved", Now);
        await steps.Redis.Db.StringSetAsync("queue:bad", "no list");

        var pushed = await steps.DueJobs.PushDue(
            DueSet.Retry,
            [Move("refused", "1", "bad"), Move("moved", "2", "good")]
        );

        Assert.Equal(1, pushed.Moved);
        Assert.Equal([0], pushed.Refused);
        Assert.StartsWith("WRONGTYPE", pushed.Refusal, StringComparison.Ordinal);
        Assert.Equal(["refused"], (await steps.Redis.RetrySet()).Select(entry => entry.Job));
        Assert.Equal(["good"], await steps.Redis.Queues());
    }

    [Fact]
    public async Task Due_job_for_a_living_temporary_queue_expires_with_it()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.CreateTemporary("bus", RedisSteps.Life);
        await steps.Redis.SeedScheduledSet("due", Now);

        await steps.DueJobs.PushDue(DueSet.Schedule, [Move("due", "due", "bus")]);

        Assert.Equal(["due"], await steps.Redis.Queue("bus"));
        Assert.Empty(await steps.Redis.Queues());
        Assert.NotNull(await steps.Redis.Db.KeyTimeToLiveAsync("queue:bus"));
    }

    [Fact]
    public async Task Due_job_for_a_temporary_queue_that_has_ended_is_dropped()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.CreateTemporary("bus", RedisSteps.Life);
        await steps.Topics.RemoveTemporary("bus", []);
        await steps.Redis.SeedScheduledSet("due", Now);

        await steps.DueJobs.PushDue(DueSet.Schedule, [Move("due", "due", "bus")]);

        Assert.Equal(["mt:temporaries"], await steps.Redis.Keys());
    }

    [Fact]
    public async Task Member_that_is_no_job_is_buried_as_it_is()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedRetrySet("{oops", Now);
        await steps.Redis.SeedDeadSet("forgotten", Now.AddDays(-181));

        Assert.True(await steps.DueJobs.BuryUnreadable(DueSet.Retry, "{oops"u8.ToArray(), Now));
        Assert.False(await steps.DueJobs.BuryUnreadable(DueSet.Retry, "{oops"u8.ToArray(), Now));

        Assert.Empty(await steps.Redis.RetrySet());
        Assert.Equal([new SetEntry("{oops", SetEntry.ToScore(Now))], await steps.Redis.DeadSet());
    }

    [Fact]
    public async Task Dead_set_never_holds_ten_thousand()
    {
        await using var steps = await RedisSteps.Open();
        await steps.FillDeadSet(10_050);
        await steps.Redis.SeedRetrySet("{oops", Now);

        await steps.DueJobs.BuryUnreadable(DueSet.Retry, "{oops"u8.ToArray(), Now);

        var dead = await steps.Redis.DeadSet();
        Assert.Equal(9_999, dead.Length);
        Assert.Equal("{oops", dead[^1].Job);
    }

    [Fact]
    public async Task Reading_goes_on_behind_a_member_that_stays_or_where_it_stood()
    {
        await using var steps = await RedisSteps.Open();
        foreach (var (member, ago) in new[] { ("a", 4), ("b", 3), ("c", 3), ("d", 2), ("e", -1) })
        {
            await steps.Redis.SeedRetrySet(member, Now.AddSeconds(-ago));
        }

        var first = await steps.DueJobs.ReadDue(DueSet.Retry, Now, limit: 2);
        Assert.Equal(["c", "d"], await Members(steps, DueSet.Retry, after: first[1]));

        await steps.Redis.Db.SortedSetRemoveAsync("retry", "b");
        Assert.Equal(["c", "d"], await Members(steps, DueSet.Retry, after: first[1]));
        Assert.Equal(["d"], await Members(steps, DueSet.Retry, from: Now.AddSeconds(-2.5)));
    }

    [Fact]
    public async Task One_process_at_a_time_has_the_turn_while_something_is_due()
    {
        await using var steps = await RedisSteps.Open();
        var other = steps.Another().DueJobs;
        Assert.Equal(new PollTurn(false, 0, null), await steps.DueJobs.TakeTurn(Now));
        await steps.Redis.SeedScheduledSet("next", Now.AddSeconds(9));
        await steps.Redis.SeedRetrySet("due", Now);

        Assert.Equal(new PollTurn(true, 1, Now.AddSeconds(9)), await steps.DueJobs.TakeTurn(Now));
        Assert.Equal(new PollTurn(false, 1, Now.AddSeconds(9)), await other.TakeTurn(Now));
        Assert.True((await steps.DueJobs.TakeTurn(Now)).IsOurs);
        await steps.DueJobs.PushDue(DueSet.Retry, [Move("due", "due", "mail")], keepsTurn: true);
        Assert.InRange(
            (await steps.Redis.Db.KeyTimeToLiveAsync("mt:polling"))!.Value,
            TimeSpan.Zero,
            TimeSpan.FromSeconds(3)
        );

        Assert.False((await steps.DueJobs.TakeTurn(Now)).IsOurs);
        Assert.False(await steps.Redis.Db.KeyExistsAsync("mt:polling"));
        Assert.Equal(new PollTurn(true, 1, null), await other.TakeTurn(Now.AddSeconds(9)));
    }

    [Fact]
    public async Task Poll_that_finds_nothing_due_is_two_reads()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await steps.Redis.SeedScheduledSet("next", Now.AddSeconds(9));
        await steps.DueJobs.TakeTurn(Now);
        var before = (await server.Calls()).Values.Sum();

        Assert.Equal(new PollTurn(false, 0, Now.AddSeconds(9)), await steps.DueJobs.TakeTurn(Now));

        // One of them is the question itself.
        Assert.Equal(2, (await server.Calls()).Values.Sum() - before - 1);
    }

    [Fact]
    public async Task Set_of_another_type_hides_neither_the_other_nor_itself()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.Db.StringSetAsync("retry", "no set");
        await steps.Redis.SeedScheduledSet("next", Now.AddSeconds(9));

        Assert.Equal(new PollTurn(true, 1, Now.AddSeconds(9)), await steps.DueJobs.TakeTurn(Now));
    }

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(1e300)]
    public async Task Score_that_is_no_time_is_read(double score)
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.Db.SortedSetAddAsync("retry", "odd", score);

        var turn = await steps.DueJobs.TakeTurn(Now);

        Assert.Equal(score < 0, turn.IsOurs);
        Assert.Equal(score < 0 ? ["odd"] : [], await Members(steps, DueSet.Retry));
    }

    static DueMove Move(string member, string json, string queue) =>
        new(Encoding.UTF8.GetBytes(member), json.Bytes(), queue);

    static async Task<string[]> Members(
        RedisSteps steps,
        DueSet set,
        DueMember? after = null,
        DateTimeOffset? from = null,
        int limit = 100
    )
    {
        var due = await steps.DueJobs.ReadDue(set, Now, after, from, limit);
        return [.. due.Select(member => Encoding.UTF8.GetString(member.Json))];
    }
}
