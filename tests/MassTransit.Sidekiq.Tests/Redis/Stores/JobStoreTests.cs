namespace MassTransit.Sidekiq.Tests.Redis;

public class JobStoreTests
{
    static readonly DateTimeOffset Due = RedisSteps.Now.AddMinutes(5).AddMicroseconds(125);

    [Fact]
    public async Task Pushed_job_waits_behind_the_others_in_a_known_queue()
    {
        await using var steps = await RedisSteps.Open();

        await steps.Jobs.Push("orders", """{"jid":"1"}""".Bytes());
        await steps.Jobs.Push("orders", """{"jid":"2"}""".Bytes());

        Assert.Equal(["""{"jid":"1"}""", """{"jid":"2"}"""], await steps.Redis.Queue("orders"));
        Assert.Equal(["orders"], await steps.Redis.Queues());
        Assert.Equal(["queue:orders", "queues"], await steps.Redis.Keys());
    }

    [Fact]
    public async Task Part_of_a_buffer_is_pushed_without_the_rest_of_it()
    {
        await using var steps = await RedisSteps.Open();

        await steps.Jobs.Push("orders", "xx{}yy".Bytes()[2..4]);

        Assert.Equal(["{}"], await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task Prefix_goes_before_the_keys_and_not_into_the_set_of_queues()
    {
        await using var steps = await RedisSteps.Open(prefix: "myapp:");

        await steps.Jobs.Push("orders", "{}".Bytes());

        Assert.Equal(["myapp:queue:orders", "myapp:queues"], await steps.Redis.Keys());
        Assert.Equal("orders", await steps.Redis.Db.SetPopAsync("myapp:queues"));
    }

    [Fact]
    public async Task Jobs_pushed_in_bulk_run_in_the_order_given()
    {
        await using var steps = await RedisSteps.Open();
        var jobs = Enumerable.Range(0, 2500).Select(number => $"{number}").ToArray();

        await steps.Jobs.PushBulk("orders", [.. jobs.Select(job => job.Bytes())]);

        Assert.Equal(jobs, await steps.Redis.Queue("orders"));
        Assert.Equal(["orders"], await steps.Redis.Queues());
    }

    [Fact]
    public async Task Empty_bulk_leaves_no_trace()
    {
        await using var steps = await RedisSteps.Open();

        await steps.Jobs.PushBulk("orders", []);

        Assert.True(await steps.Redis.IsEmpty());
    }

    [Fact]
    public async Task Answer_reaches_a_temporary_queue_and_expires_with_it()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.CreateTemporary("reply", TimeSpan.FromMinutes(3));

        Assert.True(await steps.Jobs.PushTemporary("reply", "{}".Bytes(), RedisSteps.Life));

        Assert.Equal(["{}"], await steps.Redis.Queue("reply"));
        Assert.Empty(await steps.Redis.Queues());
        var life = await steps.Redis.Db.KeyTimeToLiveAsync("queue:reply");
        Assert.InRange(life!.Value, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(3));
    }

    [Fact]
    public async Task Answer_is_kept_as_long_as_the_sender_wants_when_its_queue_is_about_to_end()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Topics.CreateTemporary("reply", TimeSpan.FromSeconds(20));

        await steps.Jobs.PushTemporary("reply", "{}".Bytes(), RedisSteps.Life);

        var life = await steps.Redis.Db.KeyTimeToLiveAsync("queue:reply");
        Assert.InRange(life!.Value, TimeSpan.FromSeconds(30), RedisSteps.Life);
    }

    [Fact]
    public async Task Answer_to_a_temporary_queue_that_has_ended_is_dropped()
    {
        await using var steps = await RedisSteps.Open();

        Assert.False(await steps.Jobs.PushTemporary("reply", "{}".Bytes(), RedisSteps.Life));

        Assert.True(await steps.Redis.IsEmpty());
    }

    [Fact]
    public async Task Scheduled_job_waits_under_the_time_it_is_due()
    {
        await using var steps = await RedisSteps.Open();

        await steps.Jobs.Schedule("{}".Bytes(), Due);

        Assert.Equal([new SetEntry("{}", SetEntry.ToScore(Due))], await steps.Redis.ScheduledSet());
        Assert.Equal(["schedule"], await steps.Redis.Keys());
    }

    [Fact]
    public async Task Token_of_a_scheduled_job_has_the_same_score_and_outlives_it_by_a_day()
    {
        await using var steps = await RedisSteps.Open();
        var (token, due) = (Guid.NewGuid(), RedisSteps.Now.AddYears(50).AddMicroseconds(125));

        await steps.Jobs.Schedule("{}".Bytes(), due, token);

        Assert.Equal([new SetEntry("{}", SetEntry.ToScore(due))], await steps.Redis.ScheduledSet());
        Assert.Equal(Score.From(due), await steps.Redis.Db.StringGetAsync($"mt:token:{token}"));
        var end = DateTimeOffset.UtcNow + await steps.Redis.Db.KeyTimeToLiveAsync($"mt:token:{token}");
        Assert.Equal(due.AddDays(1), end!.Value, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Cancelled_job_goes_with_its_token_and_leaves_its_neighbours()
    {
        await using var steps = await RedisSteps.Open();
        var (token, other) = (Guid.NewGuid(), Guid.NewGuid());
        await steps.Jobs.Schedule(WithToken(other), Due, other);
        await steps.Jobs.Schedule("foreign".Bytes(), Due);
        var before = await steps.Redis.Snapshot();
        await steps.Jobs.Schedule(WithToken(token), Due, token);

        Assert.True(await steps.Jobs.CancelScheduled(token));

        Assert.Equal(before, await steps.Redis.Snapshot());
        Assert.False(await steps.Jobs.CancelScheduled(token));
    }

    [Fact]
    public async Task Job_that_has_left_the_schedule_cannot_be_cancelled()
    {
        await using var steps = await RedisSteps.Open();
        var token = Guid.NewGuid();
        await steps.Jobs.Schedule(WithToken(token), Due, token);
        await steps.Redis.Db.KeyDeleteAsync("schedule");

        Assert.False(await steps.Jobs.CancelScheduled(token));
        Assert.True(await steps.Redis.IsEmpty());
    }

    [Fact]
    public async Task Purge_empties_a_queue_and_tells_how_many_jobs_it_had()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedQueue("orders", "1", "2");
        await steps.Redis.SeedQueue("other", "3");

        Assert.Equal(2, await steps.Jobs.Purge("orders"));
        Assert.Equal(0, await steps.Jobs.Purge("orders"));

        Assert.Empty(await steps.Redis.Queue("orders"));
        Assert.Equal(["3"], await steps.Redis.Queue("other"));
    }

    static ReadOnlyMemory<byte> WithToken(Guid token) => $$$"""{"mt":{"token":"{{{token}}}"}}""".Bytes();
}
