using System.Globalization;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class ActionTests
{
    [Fact]
    public async Task Queue_is_paused_resumed_and_cleared_and_loses_the_job_that_is_deleted()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"), Jobs.Of("Pay", "2"), Jobs.Of("Pay", "3"));
        await using var site = await Site.Open(redis);
        const string page = "sidekiq/queues/billing";

        Assert.Equal("billing is paused", await site.Post(page, ("action", "pause")));
        Assert.True(await redis.Db.SetContainsAsync("paused", "billing"));
        Assert.Equal("billing goes on", await site.Post(page, ("action", "resume")));
        Assert.False(await redis.Db.SetContainsAsync("paused", "billing"));

        var second = Links.Keys(await site.Page(page)).ElementAt(1);
        Assert.Equal("The job is removed", await site.Post(page, ("action", "delete"), ("job", second)));
        Assert.Equal("A worker has taken the job", await site.Post(page, ("action", "delete"), ("job", second)));
        Assert.Equal([Jobs.Of("Pay", "1"), Jobs.Of("Pay", "3")], await redis.Queue("billing"));

        Assert.Equal("2 jobs removed", await site.Post(page, ("action", "clear")));
        Assert.Empty(await redis.Queue("billing"));
        Assert.Equal(
            [6000, 6000, 6000, 6001, 6000],
            site.Log.Select(line => int.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture))
        );
    }

    [Theory]
    [InlineData("retry", 1, 0)]
    [InlineData("kill", 0, 1)]
    [InlineData("delete", 0, 0)]
    public async Task Chosen_jobs_of_a_set_are_moved_and_the_others_stay(string action, int queued, int dead)
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Failed("Pay", "1", "Timeout"), TestClock.Start);
        await redis.SeedRetrySet(Jobs.Failed("Pay", "2", "Timeout"), TestClock.Start);
        await using var site = await Site.Open(redis);
        var chosen = Links.Keys(await site.Page("sidekiq/retries")).First();

        Assert.StartsWith(
            "1 job ",
            await site.Post("sidekiq/retries", ("action", action), ("entry", chosen)),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "0 jobs ",
            await site.Post("sidekiq/retries", ("action", action), ("entry", chosen)),
            StringComparison.Ordinal
        );

        Assert.Equal(
            (1, queued, dead),
            ((await redis.RetrySet()).Length, (await redis.Queue("billing")).Length, (await redis.DeadSet()).Length)
        );
    }

    [Fact]
    public async Task Group_of_failures_and_a_whole_set_are_moved_at_once()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Failed("Pay", "1", "Timeout"), TestClock.Start);
        await redis.SeedRetrySet(Jobs.Failed("Pay", "2", "Timeout"), TestClock.Start.AddMinutes(1));
        await redis.SeedRetrySet(Jobs.Failed("Pay", "3", "Refused"), TestClock.Start);
        await redis.SeedRetrySet(Jobs.Failed("Ship", "4", "Timeout"), TestClock.Start);
        await using var site = await Site.Open(redis);
        (string, string)[] group = [("class", "Pay"), ("error", "Timeout")];

        Assert.Equal(
            "2 jobs moved to their queues",
            await site.Post("sidekiq/retries", [("action", "retry-group"), .. group])
        );
        Assert.Equal(2, (await redis.Queue("billing")).Length);
        Assert.Equal("2 jobs moved to the dead set", await site.Post("sidekiq/retries", ("action", "kill-all")));
        Assert.Equal("2 jobs removed", await site.Post("sidekiq/dead", ("action", "delete-all")));
        Assert.Empty(await redis.DeadSet());
    }

    [Fact]
    public async Task Scheduled_job_runs_now_when_it_is_told_to()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedScheduledSet(Jobs.Of("Remind", "1"), TestClock.Start);
        await using var site = await Site.Open(redis);

        await site.Post(
            "sidekiq/scheduled",
            ("action", "retry"),
            ("entry", Links.Keys(await site.Page("sidekiq/scheduled")).Single())
        );

        Assert.Single(await redis.Queue("billing"));
        Assert.Empty(await redis.ScheduledSet());
    }

    [Fact]
    public async Task Job_of_a_set_is_rescheduled_and_stays_where_it_is_without_a_time()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedScheduledSet(Jobs.Of("Remind", "1"), TestClock.Start);
        await using var site = await Site.Open(redis);
        var (key, at) = (Links.Keys(await site.Page("sidekiq/scheduled")).Single(), TestClock.Start.AddDays(3));
        Task<string> Reschedule(string action, string time) =>
            site.Post("sidekiq/scheduled", ("action", action), ("entry", key), ("at", time));

        Assert.Contains("not a time", await Reschedule("reschedule", "soon"), StringComparison.Ordinal);
        Assert.Contains("not a time", await Reschedule("reschedule-all", ""), StringComparison.Ordinal);
        Assert.Equal(TestClock.Start, Assert.Single(await redis.ScheduledSet()).Time);

        var text = at.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        Assert.Contains("The job runs at", await Reschedule("reschedule", text), StringComparison.Ordinal);
        Assert.Equal(at, Assert.Single(await redis.ScheduledSet()).Time);
        Assert.Contains("has left", await Reschedule("reschedule", text), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Group_and_all_of_a_set_go_to_another_queue_or_another_time()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Failed("Pay", "1", "Timeout"), TestClock.Start);
        await redis.SeedRetrySet(Jobs.Failed("Pay", "2", "Timeout"), TestClock.Start.AddMinutes(1));
        await redis.SeedRetrySet(Jobs.Failed("Ship", "3", "Timeout"), TestClock.Start);
        await using var site = await Site.Open(redis);
        var at = TestClock.Start.AddDays(3);
        var time = ("at", at.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
        (string, string)[] pay = [("class", "Pay"), ("error", "Timeout")];
        Task<string> Act(string action, params (string, string)[] fields) =>
            site.Post("sidekiq/retries", [("action", action), .. fields]);

        Assert.Equal("Name the queue to move to.", await Act("move-group", pay));
        Assert.Equal("2 jobs will go to queue mail", await Act("move-group", [.. pay, ("queue", "mail")]));
        Assert.StartsWith("2 jobs moved to ", await Act("reschedule-group", [.. pay, time]), StringComparison.Ordinal);
        Assert.Equal(2, (await redis.RetrySet()).Count(entry => entry.Time == at));
        Assert.StartsWith("1 job moved to ", await Act("reschedule-all", time), StringComparison.Ordinal);
        Assert.Equal("2 jobs moved to queue rescue", await Act("send-group", [.. pay, ("queue", "rescue")]));
        Assert.Equal("1 job moved to queue rescue", await Act("send-all", ("queue", "rescue")));
        Assert.Equal(3, (await redis.Queue("rescue")).Length);
        Assert.Contains(
            "6000 anonymous on the dashboard: run retries on another queue Pay with Timeout to rescue (2 jobs moved to queue rescue)",
            site.Log
        );
    }

    [Fact]
    public async Task Periodic_job_is_run_paused_resumed_and_removed()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(
            redis,
            new SiteOptions
            {
                Configure = cfg =>
                    cfg.Periodic("nightly", TestClock.CronMonthsAway, "Europe/Berlin", new Failing("tonight")),
            }
        );
        await Until(async () => (await site.Page("sidekiq/periodic")).Contains("nightly", StringComparison.Ordinal));
        var id = Links.Values(await site.Page("sidekiq/periodic"), "id").Single();
        Task<string> Act(string action) => site.Post("sidekiq/periodic", ("action", action), ("id", id));

        Assert.EndsWith("is enqueued", await Act("run"), StringComparison.Ordinal);
        Assert.EndsWith("is paused", await Act("pause"), StringComparison.Ordinal);
        Assert.Contains("paused</span>", await site.Page("sidekiq/periodic"), StringComparison.Ordinal);
        Assert.EndsWith("goes on", await Act("resume"), StringComparison.Ordinal);
        Assert.Equal(5, (await site.Page("sidekiq/periodic")).Split("<li>").Length - 1);
        Assert.EndsWith("is removed", await Act("remove"), StringComparison.Ordinal);
        Assert.DoesNotContain("nightly", await site.Page("sidekiq/periodic"), StringComparison.Ordinal);
        Assert.Contains("no periodic job", await Act("run"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queue_is_subscribed_to_a_topic_and_removed_from_it()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);
        (string, string)[] subscription = [("topic", "Shop:Ordered"), ("queue", "ruby"), ("class", "Ship::Worker")];

        await site.Post("sidekiq/topics", [("action", "subscribe"), .. subscription]);
        Assert.True(await redis.Db.HashExistsAsync("mt:topic:Shop:Ordered", "ruby|Ship::Worker"));
        await site.Post("sidekiq/topics", [("action", "unsubscribe"), .. subscription]);
        Assert.False(await redis.Db.KeyExistsAsync("mt:topic:Shop:Ordered"));
        Assert.Contains(
            "space",
            await site.Post("sidekiq/topics", ("action", "subscribe"), ("topic", "T"), ("queue", "a b")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Process_is_asked_to_be_quiet_and_to_stop()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.SetAddAsync("processes", "ruby:1:abc");
        await redis.Db.HashSetAsync(
            "ruby:1:abc",
            [new("info", """{"hostname":"ruby","queues":["billing"]}"""), new("beat", "1"), new("busy", "0")]
        );
        await using var site = await Site.Open(redis);

        await site.Post("sidekiq/running", ("action", "quiet"), ("identity", "ruby:1:abc"));
        await site.Post("sidekiq/running", ("action", "stop"), ("identity", "ruby:1:abc"));

        Assert.Equal(
            ["TERM", "TSTP"],
            (await redis.Db.ListRangeAsync("ruby:1:abc-signals")).Select(signal => signal.ToString())
        );
        Assert.Contains(
            "no process",
            await site.Post("sidekiq/running", ("action", "stop"), ("identity", "gone")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Action_that_nobody_knows_changes_nothing()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"));
        await redis.SeedDeadSet(Jobs.Failed("Pay", "1", "Timeout"), TestClock.Start);
        await using var site = await Site.Open(redis);
        var before = await Content(redis);

        Assert.Equal("Tick a job first.", await site.Post("sidekiq/dead", ("action", "retry")));
        foreach (var page in new[] { "queues/billing", "dead", "topics", "running", "periodic", "batches" })
        {
            foreach (var action in new[] { "explode", "", "kill-all" })
            {
                Assert.Contains(
                    "Reload it",
                    await site.Post("sidekiq/" + page, ("action", action)),
                    StringComparison.Ordinal
                );
            }
        }

        Assert.Equal(before, await Content(redis));
        Assert.Contains(
            site.Log,
            line =>
                line.StartsWith("6001 anonymous on the dashboard: explode at /dead failed", StringComparison.Ordinal)
        );
    }

    static async Task<string> Content(RedisDatabase redis) =>
        string.Join('\n', (await redis.Queue("billing")).Concat((await redis.DeadSet()).Select(entry => entry.Job)));
}
