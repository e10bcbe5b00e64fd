using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests.Tool;

public sealed class ListTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Queues_are_listed_with_what_waits_and_who_reads_them()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("orders", """{"class":"A","args":[],"jid":"a","enqueued_at":1.0}""", "{}");
        await redis.SeedQueue("mail");
        await redis.Db.SetAddAsync("paused", "mail");
        await Process(redis, "worker:1:a", "orders");

        var text = await ToolRunner.Run(redis, "queues");
        var queues = await ToolRunner.Json(redis, "queues");

        Assert.StartsWith("orders | 2 | ", text.Row("orders"), StringComparison.Ordinal);
        Assert.Equal("mail | 0 | paused | 0", text.Row("mail"));
        Assert.Equal(
            ["mail", "orders"],
            queues.EnumerateArray().Select(queue => queue.GetProperty("name").GetString())
        );
        Assert.Equal((2, 1), (queues[1].GetProperty("size").GetInt32(), queues[1].GetProperty("processes").GetInt32()));
        Assert.True(queues[1].GetProperty("latencySeconds").GetDouble() > 1e9);
        Assert.True(queues[0].GetProperty("isPaused").GetBoolean());
    }

    [Fact]
    public async Task Jobs_of_a_queue_and_of_a_set_are_those_of_the_filter()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("orders", Job("a", "Shop::Order"), Job("b", "Shop::Mail"));
        await redis.SeedRetrySet(Failed("c", "Pay", "TimeoutError", "took 5 s?"), TestClock.Start);
        await redis.SeedRetrySet(Failed("d", "Pay", "IOError", "took no [time]"), TestClock.Start.AddMinutes(1));
        await redis.SeedRetrySet("no job", TestClock.Start.AddMinutes(2));

        async Task<string[]> Jids(params string[] arguments) =>
            [
                .. (await ToolRunner.Json(redis, ["jobs", .. arguments]))
                    .EnumerateArray()
                    .Select(job => job.GetProperty("jid").GetString() ?? ""),
            ];

        Assert.Equal(["a", "b"], await Jids("orders"));
        Assert.Equal(["b"], await Jids("queue:orders", "--class", "Shop::M*"));
        Assert.Equal(["a"], await Jids("orders", "--limit", "1"));
        Assert.Equal(["c", "d", ""], await Jids("retry"));
        Assert.Equal(["c"], await Jids("retry", "--error", "TimeoutError"));
        Assert.Equal(["d"], await Jids("retry", "--error", "took no [time]", "--class", "Pay"));
        Assert.Equal(["c"], await Jids("retry", "--error", "took * s?"));
        Assert.Equal(["d"], await Jids("retry", "--jid", "d"));
        Assert.Empty(await Jids("dead"));
        Assert.Equal("No such jobs.", (await ToolRunner.Run(redis, "jobs", "dead")).Output);
        Assert.Contains("(not a job)", (await ToolRunner.Run(redis, "jobs", "retry")).Output, StringComparison.Ordinal);
        Assert.Equal(
            "There are more: --limit shows them. orders holds 2.",
            (await ToolRunner.Run(redis, "jobs", "orders", "--limit", "1")).Errors
        );
    }

    [Fact]
    public async Task Arguments_are_shown_only_when_asked_for()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("orders", """{"class":"A","args":[{"card":"4711"}],"jid":"a"}""");

        Assert.DoesNotContain("4711", (await ToolRunner.Run(redis, "jobs", "orders")).Output, StringComparison.Ordinal);
        var job = Assert.Single((await ToolRunner.Json(redis, "jobs", "orders", "--args")).EnumerateArray().ToList());
        Assert.Equal("4711", job.GetProperty("args")[0].GetProperty("card").GetString());
        Assert.Contains(
            "4711",
            (await ToolRunner.Run(redis, "jobs", "orders", "--args")).Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Job_cannot_steer_the_terminal()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("orders", """{"class":"A\u001b[2J[red]B","args":[],"jid":"a"}""");

        var shown = await ToolRunner.Run(redis, "jobs", "orders");

        Assert.Contains("A\ufffd[2J[red]B", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown.Output);
    }

    [Fact]
    public async Task Topics_are_listed_with_their_subscriptions_and_who_reads_them()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.HashSetAsync("mt:topic:Shop:Ordered", "billing", "");
        await redis.Db.HashSetAsync("mt:topic:Shop:Ordered", "ruby|Ship", "Ship::Worker");
        await Process(redis, "worker:1:a", "ruby");

        var rows = await ToolRunner.Json(redis, "topics");

        Assert.Equal(
            [("billing", null, 0), ("ruby", "Ship::Worker", 1)],
            rows.EnumerateArray()
                .Select(row =>
                    (
                        row.GetProperty("queue").GetString(),
                        row.GetProperty("class").GetString(),
                        row.GetProperty("processes").GetInt32()
                    )
                )
        );
        Assert.Equal("Shop:Ordered | ruby | Ship::Worker | 1", (await ToolRunner.Run(redis, "topics")).Row("ruby"));
    }

    [Fact]
    public async Task Periodic_jobs_are_listed_paused_resumed_and_run()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.PeriodicJob(
                    "sweep",
                    TestClock.CronMonthsAway,
                    "Etc/UTC",
                    "SweepWorker",
                    configure: p => p.Queue("low")
                )
        );
        await redis.Until(async state => await state.Db.HashLengthAsync("mt:periodic:jobs") == 1);
        var id = (await bus.Services.GetRequiredService<ISidekiqPeriodicJobs>().List()).Single().Id;

        Assert.Equal(0, (await ToolRunner.Run(redis, "periodic", "pause", id)).Code);
        var row = Assert.Single((await ToolRunner.Json(redis, "periodic")).EnumerateArray().ToList());
        Assert.Equal((id, "SweepWorker", "low"), (Text(row, "id"), Text(row, "class"), Text(row, "queue")));
        Assert.True(row.GetProperty("isPaused").GetBoolean());
        Assert.Equal($"{id} is resumed.", (await ToolRunner.Run(redis, "periodic", "resume", id)).Output);
        Assert.Equal("enqueued", Text(await ToolRunner.Json(redis, "periodic", "run", id), "done"));
        Assert.Single(await redis.Queue("low"));
        Assert.Contains("SweepWorker", (await ToolRunner.Run(redis, "periodic")).Row(id), StringComparison.Ordinal);
        var missing = await ToolRunner.Run(redis, "periodic", "run", "nothing");
        Assert.Equal((1, true), (missing.Code, missing.Output.StartsWith("Nothing done", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Processes_batches_and_limits_are_listed()
    {
        await using var redis = await RedisServer.Lease();
        await Process(redis, "worker:1:a", "orders");
        await redis.Db.SortedSetAddAsync("mt:batches", "b1", 1);
        await redis.Db.HashSetAsync(
            "mt:batch:b1",
            [new("created", "1"), new("total", "3"), new("description", "import")]
        );

        var process = Assert.Single((await ToolRunner.Json(redis, "processes")).EnumerateArray().ToList());
        Assert.Equal("worker:1:a", Text(process, "identity"));
        Assert.Equal("orders", process.GetProperty("queues")[0].GetString());
        Assert.Contains("worker:1:a", (await ToolRunner.Run(redis, "processes")).Output, StringComparison.Ordinal);
        Assert.Equal("No limits.", (await ToolRunner.Run(redis, "limits")).Output);
        Assert.Equal("[]", (await ToolRunner.Run(redis, "limits", "--json")).Output);
        Assert.Equal(0, (await ToolRunner.Run(redis, "batches")).Code);
    }

    static string? Text(JsonElement row, string name) => row.GetProperty(name).GetString();

    static string Job(string jid, string jobClass) => $$"""{"class":"{{jobClass}}","args":[],"jid":"{{jid}}"}""";

    static string Failed(string jid, string jobClass, string error, string message) =>
        $$"""{"class":"{{jobClass}}","args":[],"jid":"{{jid}}","queue":"pay","retry_count":0,"error_class":"{{error}}","error_message":"{{message}}"}""";

    internal static async Task Process(RedisDatabase redis, string identity, string queue)
    {
        await redis.Db.SetAddAsync("processes", identity);
        await redis.Db.HashSetAsync(
            identity,
            [
                new("info", $$"""{"hostname":"worker","pid":1,"queues":["{{queue}}"],"concurrency":5}"""),
                new("busy", "1"),
            ]
        );
    }
}
