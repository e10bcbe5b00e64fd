using Microsoft.Extensions.DependencyInjection;
using Shop;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>What people do in Sidekiq's Web UI with the jobs that .NET failed, and what .NET does then.</summary>
public sealed class RetryButtonTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Retry_now_of_a_job_that_failed_in_NET_runs_it_there()
    {
        await using var redis = await RedisServer.Lease();
        var runs = new Inbox<FailingJob>();
        await using var bus = await Start(redis, runs, failures: 1);
        await bus.Send("fails", new FailingJob("é"));
        await runs.Next();
        await redis.Until(async state => (await state.RetrySet()).Length == 1);

        var list = await Ruby.Page(redis, "/retries");
        Assert.Equal(200, list.Status);
        Assert.Contains("Shop::FailingJob", list.Body, StringComparison.Ordinal);
        Assert.Contains("no stock today", list.Body, StringComparison.Ordinal);
        var key = await Key(redis, "RetrySet");
        var page = await Ruby.Page(redis, $"/retries/{key}");
        Assert.Equal(200, page.Status);
        Assert.Contains("System.InvalidOperationException", page.Body, StringComparison.Ordinal);
        Assert.Contains("RetryButtonTests", page.Body, StringComparison.Ordinal);
        await Ruby.Press(redis, $"/retries/{key}", ("retry", "Retry Now"));

        var again = await runs.Next();
        Assert.Equal(-1, again.GetJob().RetryCount);
        Assert.Equal("no stock today", again.GetJob().ErrorMessage);
        await redis.Until(async state =>
            (await state.Dump()).Contains("mt:working", StringComparison.Ordinal) == false
        );
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.DeadSet());
    }

    [Fact]
    public async Task Retry_now_of_a_job_that_died_in_NET_runs_it_once_more_and_it_dies_again()
    {
        await using var redis = await RedisServer.Lease();
        var runs = new Inbox<FailingJob>();
        var deaths = new List<string?>();
        await using var bus = await Start(redis, runs, failures: 99, deaths);
        await redis.SeedQueue(
            "fails",
            """{"class":"Shop::FailingJob","args":[{"text":"é"}],"retry":0,"jid":"d1ed","queue":"fails"}"""
        );
        await runs.Next();
        await redis.Until(async state => (await state.DeadSet()).Length == 1);

        var key = await Key(redis, "DeadSet");
        Assert.Equal(200, (await Ruby.Page(redis, $"/morgue/{key}")).Status);
        await Ruby.Press(redis, $"/morgue/{key}", ("retry", "Retry Now"));

        Assert.Equal(-1, (await runs.Next()).GetJob().RetryCount);
        await redis.Until(async state =>
            (await state.DeadSet()).Any(entry => entry.Job.Contains("\"retry_count\":0", StringComparison.Ordinal))
        );
        await Eventually.Until(
            () => Task.FromResult(deaths.Count == 2),
            () => Task.FromResult(string.Join(", ", deaths))
        );
        Assert.Equal(["d1ed", "d1ed"], deaths);
    }

    [Fact]
    public async Task Error_queue_is_a_queue_that_Ruby_shows_and_reads()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "fails",
                    e =>
                    {
                        e.UseErrorQueue();
                        e.Handler<FailingJob>(_ => throw new InvalidOperationException("no stock today"));
                    }
                )
        );

        // Whoever names no number of retries for this job leaves it to the endpoint, which has none.
        await redis.SeedQueue("fails", """{"class":"Shop::FailingJob","args":[{"text":"é"}],"retry":0,"jid":"abc"}""");
        await redis.Until(async state => (await state.Queue("fails_error")).Length == 1);

        var page = await Ruby.Page(redis, "/queues/fails_error");
        Assert.Equal(200, page.Status);
        Assert.Contains("Shop::FailingJob", page.Body, StringComparison.Ordinal);
        var read = await Ruby.Eval(
            redis,
            "job = Sidekiq::Queue.new('fails_error').first; [job.jid, job.queue, job.latency < 60, job['mt']['headers']['MT-Fault-Message']]"
        );
        Assert.Equal("""["abc","fails_error",true,"no stock today"]""", read.GetRawText());
    }

    [Fact]
    public async Task Periodic_job_of_a_Ruby_class_runs_in_a_Ruby_worker()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.PeriodicJob("ok", TestClock.CronMonthsAway, "Europe/Berlin", "OkJob", [1, "é"])
        );
        var jobs = bus.Services.GetRequiredService<ISidekiqPeriodicJobs>();
        await Eventually.Until(async () => (await jobs.List()).Count == 1, () => Task.FromResult("not declared"));

        await jobs.Run((await jobs.List())[0].Id);
        await using var worker = await RubySidekiq.Start(redis, "jobs.rb");

        var run = Assert.Single(await redis.Ran(1));
        Assert.Equal(("OkJob", "[1,\"é\"]"), (run.Class, run.Args));
    }

    Task<TestBus> Start(RedisDatabase redis, Inbox<FailingJob> runs, int failures, List<string?>? deaths = null) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.OnJobDeath(
                    (job, _) =>
                    {
                        deaths?.Add(job.Jid);
                        return Task.CompletedTask;
                    }
                );
                cfg.ReceiveEndpoint(
                    "fails",
                    e =>
                    {
                        // Not while the test looks at it.
                        e.UseSidekiqRetry(retry => retry.RetryIn((_, _) => TimeSpan.FromHours(1)));
                        e.Handler<FailingJob>(async context =>
                        {
                            await runs.Receive(context);
                            if (failures-- > 0)
                            {
                                throw new InvalidOperationException("no stock today");
                            }
                        });
                    }
                );
            }
        );

    static async Task<string> Key(RedisDatabase redis, string set)
    {
        var key = await Ruby.Eval(
            redis,
            $"Sidekiq::{set}.new.first.then {{ |entry| \"#{{entry.score}}-#{{entry.jid}}\" }}"
        );

        return key.GetString()!;
    }
}
