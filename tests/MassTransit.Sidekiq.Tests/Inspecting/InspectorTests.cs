using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Inspecting;

public sealed class InspectorTests(ITestOutputHelper output)
{
    static readonly DateTimeOffset Now = Redis.RedisSteps.Now;

    [Fact]
    public async Task Queues_have_their_size_their_latency_and_their_pause()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue(
            "orders",
            $$"""{"class":"A","args":[],"enqueued_at":{{TestClock.Seconds(Now.AddSeconds(-9.5))}}}""",
            """{"class":"B","args":[]}"""
        );
        var millis = Now.AddSeconds(-1).ToUnixTimeMilliseconds();
        await redis.SeedQueue("millis", $$"""{"class":"A","args":[],"enqueued_at":{{millis}}}""");
        await redis.SeedQueue("odd", "no job");
        await redis.Db.SetAddAsync("queues", "empty");
        var inspector = JobSetTests.Inspector(redis);
        await inspector.Pause("orders");

        Assert.Equal(
            [
                new SidekiqQueue("empty", 0, TimeSpan.Zero, false),
                new SidekiqQueue("millis", 1, TimeSpan.FromSeconds(1), false),
                new SidekiqQueue("odd", 1, TimeSpan.Zero, false),
                new SidekiqQueue("orders", 2, TimeSpan.FromSeconds(9.5), true),
            ],
            await inspector.Queues()
        );

        await inspector.Unpause("orders");
        Assert.False((await inspector.Queues())[^1].IsPaused);
    }

    [Fact]
    public async Task Job_is_not_cancelled_by_a_jid_that_no_job_has_for_its_length()
    {
        await using var redis = await RedisServer.Lease();
        var inspector = JobSetTests.Inspector(redis);

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => inspector.Cancel(new string('a', 256)));

        Assert.Contains("256 characters, and 255 are the most", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await redis.Keys());
        Assert.Equal(SidekiqCancellation.NotFound, await inspector.Cancel(new string('a', 255)));
    }

    [Fact]
    public async Task Jobs_of_a_queue_come_in_the_order_they_will_run()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue(
            "orders",
            [.. Enumerable.Range(0, 250).Select(number => $$"""{"class":"A","args":[],"jid":"{{number}}"}""")]
        );
        var inspector = JobSetTests.Inspector(redis);

        var jobs = new List<SidekiqEntry>();
        await foreach (var job in inspector.Jobs("orders"))
        {
            jobs.Add(job);
        }

        Assert.Equal(Enumerable.Range(0, 250).Select(number => $"{number}"), jobs.Select(job => job.Job!.Jid));
        Assert.Null(jobs[0].At);
        Assert.Equal("orders", jobs[0].Job!.Queue);
        Assert.True(await inspector.Delete("orders", jobs[3]));
        Assert.False(await inspector.Delete("orders", jobs[3]));
        Assert.Equal(249, await inspector.Clear("orders"));
        Assert.True(await redis.IsEmpty());
    }

    [Fact]
    public async Task Figures_are_those_of_the_dashboard()
    {
        await using var redis = await RedisServer.Lease();
        var today = DateOnly.FromDateTime(Now.UtcDateTime);
        await redis.Db.StringSetAsync("stat:processed", 100);
        await redis.Db.StringSetAsync("stat:failed", 7);
        await redis.Db.StringSetAsync($"stat:processed:{today:O}", 5);
        await redis.Db.StringSetAsync($"stat:failed:{today.AddDays(-2):O}", 2);
        await redis.SeedQueue("orders", "{}", "{}");
        await redis.SeedQueue("mail", "{}");
        await redis.SeedRetrySet("{}", Now);
        await redis.SeedDeadSet("{}", Now);
        await redis.Db.SetAddAsync("processes", [(RedisValue)"a:1:x", "gone:2:y"]);
        await redis.Db.HashSetAsync("a:1:x", [new HashEntry("info", "{}"), new HashEntry("busy", 3)]);
        var inspector = JobSetTests.Inspector(redis);

        Assert.Equal(
            new SidekiqStats
            {
                Processed = 100,
                Failed = 7,
                Enqueued = 3,
                Retries = 1,
                Dead = 1,
                Processes = 1,
                Busy = 3,
            },
            await inspector.Stats()
        );
        Assert.Equal(
            [
                new SidekiqDay(today, 5, 0),
                new SidekiqDay(today.AddDays(-1), 0, 0),
                new SidekiqDay(today.AddDays(-2), 0, 2),
            ],
            await inspector.History(3)
        );
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => inspector.History(0));

        var overview = await inspector.Overview();
        Assert.Equal(await inspector.Stats(), overview.Stats);
        Assert.Equal(await inspector.Queues(), overview.Queues);
        Assert.Equal("a:1:x", Assert.Single(overview.Processes).Identity);
    }

    [Fact]
    public async Task Lease_of_a_process_is_what_it_has_left()
    {
        await using var redis = await RedisServer.Lease();
        await Register(redis, "net:1:a", "{}");
        await Register(redis, "ruby:2:b", "{}");
        await redis.Db.StringSetAsync("mt:alive:net:1:a", 1, TimeSpan.FromMinutes(5));

        var processes = await JobSetTests.Inspector(redis).Processes();

        Assert.InRange(processes[0].Lease!.Value, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5));
        Assert.Null(processes[1].Lease);
    }

    [Fact]
    public async Task Clock_of_this_machine_is_compared_with_that_of_Redis()
    {
        await using var redis = await RedisServer.Lease();

        // The clock of the test begins tomorrow at noon at the earliest.
        var server = await JobSetTests.Inspector(redis).Redis();

        Assert.True(server.ClockSkew > TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Processes_of_every_Sidekiq_are_read_and_a_broken_one_hides_no_other()
    {
        await using var redis = await RedisServer.Lease();
        await RegisterThree(redis);

        var processes = await JobSetTests.Inspector(redis).Processes();

        Assert.Equal(["bad:1:z", "old:7:a", "vm:17878:d917"], processes.Select(process => process.Identity));
        var (six, eight) = (processes[1], processes[2]);
        Assert.Equal(["critical", "default"], eight.Queues);
        Assert.Equal((2, 1, true), (eight.Concurrency, eight.Busy, eight.IsQuiet));
        Assert.Equal((1024 * 1024, "8.1.7", 17878), (eight.ResidentBytes, eight.Version, eight.ProcessId));
        Assert.Equal((10, 1, false), (six.Concurrency, six.Busy, six.IsQuiet));
        Assert.Equal(("old", null), (six.HostName, six.Version));
        Assert.Equal(["default"], six.Queues);
        Assert.Equal(TimeSpan.FromMicroseconds(156), six.RoundTrip);
        Assert.Equal(Now.AddSeconds(-0.75), six.BeatAt);
        Assert.Equal(Now.AddSeconds(-100.5), six.StartedAt);
    }

    [Fact]
    public async Task Work_of_every_Sidekiq_is_read_the_longest_first()
    {
        await using var redis = await RedisServer.Lease();
        await RegisterThree(redis);

        var work = await JobSetTests.Inspector(redis).Work();

        Assert.Equal(
            [("old:7:a", "t2", "default", "2"), ("vm:17878:d917", "t1", "critical", "1")],
            work.Select(job => (job.Identity, job.Thread, job.Queue, job.Job!.Jid!))
        );
        Assert.Equal(Now.AddSeconds(-20), work[0].RunAt);
    }

    [Fact]
    public async Task Signals_are_left_for_processes_that_are_there()
    {
        await using var redis = await RedisServer.Lease();
        await RegisterThree(redis);
        var inspector = JobSetTests.Inspector(redis);

        Assert.True(await inspector.Quiet("old:7:a"));
        Assert.True(await inspector.Stop("old:7:a"));
        Assert.False(await inspector.Stop("nobody"));

        var signals = await redis.Db.ListRangeAsync("old:7:a-signals");
        Assert.Equal(["TERM", "TSTP"], signals.Select(signal => $"{signal}"));
        Assert.NotNull(await redis.Db.KeyTimeToLiveAsync("old:7:a-signals"));
        Assert.False(await redis.Db.KeyExistsAsync("nobody-signals"));
    }

    [Fact]
    public async Task Pause_stops_an_endpoint_and_a_killed_job_reaches_the_handlers_of_its_bus()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        var deaths = new Seen<string>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.OnJobDeath(
                    (job, _) =>
                    {
                        deaths.Add(job.Class!);
                        return Task.CompletedTask;
                    }
                );
                cfg.ReceiveEndpoint("orders", e => e.Note(seen));
            }
        );
        var inspector = bus.Services.GetRequiredService<ISidekiqInspector>();
        await bus.Send("orders", new SubmitOrder(1));
        await seen.Next();

        await inspector.Pause("orders");
        await redis.SeedScheduledSet("""{"class":"Pay","args":[],"queue":"orders","jid":"a"}""", Now.AddYears(10));
        Assert.True(await inspector.ScheduledSet.Kill((await inspector.ScheduledSet.Find("a"))!));

        Assert.Equal("Pay", await deaths.Next());
        Assert.Equal(1, (await inspector.Stats()).Dead);
        await inspector.Unpause("orders");
        await bus.Send("orders", new SubmitOrder(2));
        Assert.Equal(2, (await seen.Next()).OrderId);
    }

    // One of Sidekiq 8.1, one of 6.4, and one that nobody can read.
    static async Task RegisterThree(RedisDatabase redis)
    {
        await Register(
            redis,
            "vm:17878:d917",
            $$$$"""{"hostname":"vm","started_at":{{{{Now.AddSeconds(-21).ToUnixTimeSeconds()}}}}.0300643,"pid":17878,"tag":"app","capsules":{"default":{"concurrency":2,"mode":"weighted","weights":{"critical":2,"default":0}}},"labels":[],"identity":"vm:17878:d917","version":"8.1.7","embedded":false}""",
            ("concurrency", "2"),
            ("busy", "1"),
            ("quiet", "true"),
            ("rss", "1024")
        );
        await Register(
            redis,
            "old:7:a",
            $$"""{"hostname":"old","started_at":{{TestClock.Seconds(Now.AddSeconds(-100.5))}},"pid":7,"tag":"","concurrency":10,"queues":["default"],"labels":[],"identity":"old:7:a"}""",
            ("busy", "1"),
            ("quiet", "false"),
            ("beat", TestClock.Seconds(Now.AddSeconds(-0.75))),
            ("rtt_us", "156")
        );
        await Register(redis, "bad:1:z", "{no json");
        await redis.Db.HashSetAsync(
            "vm:17878:d917:work",
            "t1",
            $$"""{"queue":"critical","payload":"{\"class\":\"A\",\"jid\":\"1\"}","run_at":{{Now.AddSeconds(-10).ToUnixTimeSeconds()}}}"""
        );
        await redis.Db.HashSetAsync(
            "old:7:a:workers",
            [
                new HashEntry(
                    "t2",
                    $$"""{"queue":"default","payload":{"class":"B","jid":"2"},"run_at":{{Now.AddSeconds(-20).ToUnixTimeSeconds()}}}"""
                ),
                new HashEntry("t3", "{no json"),
            ]
        );
    }

    static async Task Register(RedisDatabase redis, string identity, string info, params (string, string)[] fields)
    {
        await redis.Db.SetAddAsync("processes", identity);
        await redis.Db.HashSetAsync(
            identity,
            [new HashEntry("info", info), .. fields.Select(field => new HashEntry(field.Item1, field.Item2))]
        );
    }
}
