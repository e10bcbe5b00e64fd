using System.Globalization;
using System.Text;
using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Inspecting;

public sealed class QueueMoverTests
{
    static readonly DateTimeOffset Now = RedisSteps.Now;

    [Fact]
    public async Task Job_of_a_set_is_retried_on_another_queue_which_an_ActiveJob_names_inside_too()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(
            """{"queue" : "billing","class":"Sidekiq::ActiveJob::Wrapper","wrapped":"Pay","args":[{"job_class":"Pay","queue_name":"billing","arguments":[1.0]}],"retry_count":0}""",
            Now
        );
        var set = JobSetTests.Inspector(redis).RetrySet;

        Assert.True(await set.RetryOn(await EditTests.First(set), "mail"));

        Assert.StartsWith(
            """{"queue" : "mail","class":"Sidekiq::ActiveJob::Wrapper","wrapped":"Pay","args":[{"job_class":"Pay","queue_name":"mail","arguments":[1.0]}],"retry_count":-1,"enqueued_at":""",
            Assert.Single(await redis.Queue("mail")),
            StringComparison.Ordinal
        );
        Assert.Equal(["mail"], await redis.Queues());
    }

    [Fact]
    public async Task Job_that_is_moved_in_its_set_keeps_its_time_and_its_token()
    {
        await using var redis = await RedisServer.Lease();
        var host = JobSetTests.Host(redis);
        var (set, token) = (new SidekiqInspector(host).ScheduledSet, Guid.NewGuid());
        var job = EditTests.Job("Pay", "[1]", $$$""","mt":{"token":"{{{token}}}"}""");
        await host.Process.Stores.Jobs.Schedule(Encoding.UTF8.GetBytes(job), Now.AddDays(2), token);

        Assert.True(await set.Move(await EditTests.First(set), "mail"));

        var moved = Assert.Single(await redis.ScheduledSet());
        Assert.Equal(
            (job.Replace("billing", "mail", StringComparison.Ordinal), Now.AddDays(2)),
            (moved.Job, moved.Time)
        );
        Assert.True(await host.Process.Stores.Jobs.CancelScheduled(token));
        Assert.Empty(await redis.ScheduledSet());
    }

    [Fact]
    public async Task One_job_of_a_queue_is_moved_once_and_nothing_of_it_changes_but_the_queue()
    {
        await using var redis = await RedisServer.Lease();
        var job = EditTests.Job("Pay", "[1]", ""","enqueued_at":1.50,"é":1e2""");
        await redis.SeedQueue("billing", "first", job, "last");
        var inspector = JobSetTests.Inspector(redis);
        var entry = (await Jobs(inspector, "billing"))[1];

        var moved = await Task.WhenAll(
            inspector.Move("billing", entry, "mail"),
            inspector.Move("billing", entry, "mail"),
            inspector.Delete("billing", entry)
        );

        Assert.Single(moved, one => one);
        Assert.Equal(["first", "last"], await redis.Queue("billing"));
        Assert.All(
            await redis.Queue("mail"),
            text => Assert.Equal(job.Replace("billing", "mail", StringComparison.Ordinal), text)
        );
    }

    [Fact]
    public async Task Whole_queue_is_moved_behind_the_jobs_of_the_other_in_its_order()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", [.. Enumerable.Range(1, 250).Select(Numbered), "no job"]);
        await redis.SeedQueue("mail", "waits");
        var inspector = JobSetTests.Inspector(redis);

        Assert.Equal(251, await inspector.MoveAll("billing", "mail"));
        Assert.Equal(0, await inspector.MoveAll("billing", "mail"));

        var there = await redis.Queue("mail");
        Assert.Equal(("waits", "no job"), (there[0], there[^1]));
        Assert.Equal(Enumerable.Range(1, 250), there[1..^1].Select(Number));
        Assert.All(there[1..^1], job => Assert.Contains("\"queue\":\"mail\"", job, StringComparison.Ordinal));
        Assert.Empty(await redis.Queue("billing"));
    }

    [Fact]
    public async Task Each_job_is_in_one_place_when_workers_and_clients_are_busy_while_a_queue_is_moved()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", [.. Enumerable.Range(0, 2000).Select(Numbered)]);
        var inspector = JobSetTests.Inspector(redis);

        var move = inspector.MoveAll("billing", "mail");
        for (var number = 2000; !move.IsCompleted || number < 2010; number++)
        {
            await redis.Db.ListLeftPushAsync("queue:billing", Numbered(number));
            await redis.Db.ListRightPopLeftPushAsync("queue:billing", "queue:taken");
        }

        var (taken, moved, left) = (
            await redis.Queue("taken"),
            await redis.Queue("mail"),
            await redis.Queue("billing")
        );
        Assert.Equal(await move, moved.Length);
        var all = taken.Concat(moved).Concat(left).Select(Number).ToList();
        Assert.Equal(Enumerable.Range(0, all.Count), all.Order());
        Assert.Equal(moved.Select(Number).Order(), moved.Select(Number));
    }

    [Theory]
    [InlineData("billing", "already")]
    [InlineData("a b", "a space")]
    [InlineData("", "empty")]
    [InlineData("answers", "temporary")]
    [InlineData("odd", null)]
    public async Task Queue_that_takes_no_jobs_is_refused_and_the_jobs_stay(string other, string? reason)
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Numbered(1), Numbered(2));
        await redis.SeedRetrySet(Numbered(3), Now);
        await redis.Db.StringSetAsync("queue:odd", "no list");
        var host = JobSetTests.Host(redis);
        await host.Process.Stores.Topics.CreateTemporary("answers", RedisSteps.Life);
        var inspector = new SidekiqInspector(host);
        var (job, entry) = ((await Jobs(inspector, "billing"))[0], await EditTests.First(inspector.RetrySet));
        var before = await redis.Snapshot();

        var steps = new List<Func<Task>>
        {
            () => inspector.Move("billing", job, other),
            () => inspector.MoveAll("billing", other),
        };
        if (other != "billing")
        {
            steps.Add(() => inspector.RetrySet.RetryOn(entry, other));
        }

        foreach (var step in steps)
        {
            var refused = await Assert.ThrowsAnyAsync<Exception>(step);
            Assert.Equal(reason is null ? typeof(SidekiqRedisException) : typeof(ArgumentException), refused.GetType());
            Assert.Contains(reason ?? "another type", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, await redis.Snapshot());
    }

    static string Numbered(int number) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"class":"Pay","args":[],"queue":"billing","jid":"{{number}}"}"""
        );

    static int Number(string job) =>
        int.Parse(SidekiqJob.TryParse(Encoding.UTF8.GetBytes(job))!.Jid!, CultureInfo.InvariantCulture);

    static async Task<List<SidekiqEntry>> Jobs(SidekiqInspector inspector, string queue)
    {
        var jobs = new List<SidekiqEntry>();
        await foreach (var job in inspector.Jobs(queue, TestContext.Current.CancellationToken))
        {
            jobs.Add(job);
        }

        return jobs;
    }
}
