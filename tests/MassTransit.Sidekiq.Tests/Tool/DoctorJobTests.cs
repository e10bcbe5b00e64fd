using static MassTransit.Sidekiq.Tests.Tool.DoctorServerTests;

namespace MassTransit.Sidekiq.Tests.Tool;

/// <summary>What the doctor says of what waits in Redis.</summary>
public sealed class DoctorJobTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Sound_installation_gets_no_warning_which_strict_makes_a_problem_and_an_unknown_class_is_an_error()
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { AppendOnly = true });
        var redis = server.Open();
        await using var bus = await TestBus.Start(redis, output, x => x.AddConsumer<NudgeConsumer>());
        await redis.Until(async state => await state.Db.SetLengthAsync("processes") == 1);

        var sound = await ToolRunner.Run(redis, "doctor", "--strict");
        Assert.True(sound.Code == 0, sound.ToString());

        await redis.SeedDeadSet(Failed("A", "E", "x"), TestClock.Start);
        Assert.Equal(0, (await ToolRunner.Run(redis, "doctor", "--dead-limit", "1")).Code);
        Assert.Equal(1, (await ToolRunner.Run(redis, "doctor", "--dead-limit", "1", "--strict")).Code);

        await redis.SeedQueue("Nudge", """{"class":"Nobody","args":[],"jid":"a","retry":true,"created_at":1.0}""");
        await redis.Retried();
        Told(
            await ToolRunner.Finding(redis, "unknown classes"),
            Verdict.Error,
            "does not know their class: Nobody (1 job)",
            "Aliases"
        );
    }

    [Fact]
    public async Task Class_that_Ruby_does_not_know_is_told_and_another_error_of_that_kind_is_not()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedDeadSet(Failed("Gone", "NameError", "uninitialized constant Gone"), TestClock.Start);
        await redis.SeedRetrySet(Failed("Typo", "NameError", "undefined local variable"), TestClock.Start);

        var finding = await ToolRunner.Finding(redis, "unknown classes");

        Told(finding, Verdict.Error, "Gone (1 job)", "retry --class");
        Assert.DoesNotContain("Typo", finding.Fact, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jobs_of_a_dead_process_are_told()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.SetAddAsync("mt:owners", "dead:1:a|orders");
        await redis.Db.HashSetAsync("mt:working:dead:1:a:orders", [new("1", "{}"), new("2", "{}")]);

        Told(
            await ToolRunner.Finding(redis, "orphans"),
            Verdict.Error,
            "1 process died holding 2 jobs of orders.",
            "Start a process of .NET"
        );

        await redis.Db.SetAddAsync("mt:owners", "alive:1:b|mail");
        await redis.Db.StringSetAsync("mt:alive:alive:1:b", 1);
        Told(await ToolRunner.Finding(redis, "orphans"), Verdict.Warning, "2 jobs of orders", "within seconds");

        await redis.Db.SetRemoveAsync("mt:owners", "dead:1:a|orders");
        Told(await ToolRunner.Finding(redis, "orphans"), Verdict.Ok, "No dead process");
    }

    [Fact]
    public async Task Queue_that_nobody_reads_and_one_that_is_paused_are_told()
    {
        await using var redis = await RedisServer.Lease();
        Told(await ToolRunner.Finding(redis, "queues"), Verdict.Warning, "No process works", "another Redis");

        await redis.SeedQueue("orders", "{}");
        await redis.SeedQueue("empty");
        var unread = await ToolRunner.Finding(redis, "queues");
        Told(unread, Verdict.Error, "No process reads orders (1 job).", "Start the process");

        await ListTests.Process(redis, "worker:1:a", "orders");
        Told(await ToolRunner.Finding(redis, "queues"), Verdict.Ok, "Each queue with jobs is read");

        await redis.Db.SetAddAsync("paused", "orders");
        Told(
            await ToolRunner.Finding(redis, "queues"),
            Verdict.Warning,
            "Paused, with jobs: orders (1 job)",
            "Unpause"
        );

        await redis.Db.SetRemoveAsync("paused", "orders");
        await redis.Db.HashSetAsync("worker:1:a", "quiet", "true");
        Told(await ToolRunner.Finding(redis, "queues"), Verdict.Error, "No process reads orders", "Start the process");
    }

    [Fact]
    public async Task Subscription_whose_queue_nobody_reads_is_told_unless_it_is_temporary()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.HashSetAsync("mt:topic:Shop:Ordered", [new("audit", ""), new("web7", "temporary")]);

        var finding = await ToolRunner.Finding(redis, "subscriptions");
        Told(finding, Verdict.Error, "read by no process: audit to Shop:Ordered.", "Unsubscribe");

        // By its claim alone: an endpoint that is not on the Busy page yet.
        await redis.Db.SetAddAsync("mt:owners", "alive:1:b|audit");
        await redis.Db.StringSetAsync("mt:alive:alive:1:b", 1);
        Told(await ToolRunner.Finding(redis, "subscriptions"), Verdict.Ok, "1 topic");
    }

    [Fact]
    public async Task Queue_that_is_late_is_told()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("orders", $$"""{"class":"A","args":[],"jid":"a","enqueued_at":1.0}""");
        await redis.SeedQueue("mail", $$"""{"class":"A","args":[],"jid":"b","enqueued_at":{{TestClock.Pushed}}}""");

        var late = await ToolRunner.Finding(redis, "latency", "--max-latency", "3600");

        Told(late, Verdict.Warning, "orders (", "ConcurrentMessageLimit");
        Assert.DoesNotContain("mail", late.Fact, StringComparison.Ordinal);
        await redis.Db.KeyDeleteAsync("queue:orders");
        Told(await ToolRunner.Finding(redis, "latency", "--max-latency", "3600"), Verdict.Ok, "has waited for");
    }

    [Fact]
    public async Task Due_jobs_that_nobody_moves_are_told()
    {
        await using var redis = await RedisServer.Lease();
        Told(await ToolRunner.Finding(redis, "due jobs"), Verdict.Ok, "No due job");

        await redis.SeedRetrySet(Failed("A", "E", "x"), DateTimeOffset.UnixEpoch);
        await redis.SeedScheduledSet(Failed("B", "E", "x"), DateTimeOffset.UnixEpoch);

        Told(
            await ToolRunner.Finding(redis, "due jobs"),
            Verdict.Error,
            "1 retry, 1 scheduled job",
            "No process moves them"
        );
    }

    [Fact]
    public async Task Dead_set_near_its_limit_is_told()
    {
        await using var redis = await RedisServer.Lease();
        foreach (var name in new[] { "A", "B" })
        {
            await redis.SeedDeadSet(Failed(name, "E", "x"), TestClock.Start);
        }

        Told(await ToolRunner.Finding(redis, "dead set"), Verdict.Ok, "2 of at most 10,000");
        Told(
            await ToolRunner.Finding(redis, "dead set", "--dead-limit", "2"),
            Verdict.Warning,
            "2 of at most 2 dead jobs",
            "dropped for good"
        );
    }

    static string Failed(string jobClass, string error, string message) =>
        $$"""{"class":"{{jobClass}}","args":[],"jid":"{{jobClass}}","queue":"pay","error_class":"{{error}}","error_message":"{{message}}"}""";

    public sealed record Nudged(int Id);

    public sealed class NudgeConsumer : IConsumer<Nudged>
    {
        public Task Consume(ConsumeContext<Nudged> context) => Task.CompletedTask;
    }
}
