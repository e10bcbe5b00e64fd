using System.Globalization;
using Spectre.Console.Testing;

namespace MassTransit.Sidekiq.Tests.Tool;

public sealed class ChangeTests
{
    [Fact]
    public async Task Dry_run_tells_the_groups_and_changes_nothing()
    {
        await using var redis = await Filled();
        var before = await redis.Snapshot();

        var told = await ToolRunner.Run(redis, "retry", "--class", "Pay", "--dry-run");
        var json = await ToolRunner.Json(redis, "delete", "--all", "--dry-run");

        Assert.EndsWith("3 jobs of retry would be retried.", told.Output, StringComparison.Ordinal);
        Assert.StartsWith("2 | Pay | TimeoutError | slow", told.Row("TimeoutError"), StringComparison.Ordinal);
        Assert.StartsWith("1 | Pay | IOError", told.Row("IOError"), StringComparison.Ordinal);
        Assert.Equal(
            (4, 0, true),
            (
                json.GetProperty("found").GetInt32(),
                json.GetProperty("done").GetInt32(),
                json.GetProperty("isDryRun").GetBoolean()
            )
        );
        Assert.Equal(3, json.GetProperty("groups").GetArrayLength());
        Assert.Equal(before, await redis.Snapshot());
    }

    [Fact]
    public async Task Jobs_of_a_class_and_an_error_are_retried_and_the_others_stay()
    {
        await using var redis = await Filled();

        var result = await ToolRunner.Run(redis, "retry", "--class", "Pay", "--error", "TimeoutError", "--yes");

        Assert.EndsWith("2 jobs of retry were retried.", result.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await redis.Queue("pay")).Length);
        Assert.Equal(2, (await redis.RetrySet()).Length);
    }

    [Fact]
    public async Task Job_is_killed_by_its_jid_and_deleted_from_the_dead_set()
    {
        await using var redis = await Filled();

        Assert.Equal(1, (await ToolRunner.Json(redis, "kill", "--jid", "j0", "--yes")).GetProperty("done").GetInt32());
        Assert.Contains("\"j0\"", Assert.Single(await redis.DeadSet()).Job, StringComparison.Ordinal);
        Assert.Equal(3, (await redis.RetrySet()).Length);

        var deleted = await ToolRunner.Run(redis, "delete", "--set", "dead", "--all", "-y");
        Assert.EndsWith("1 job of dead was deleted.", deleted.Output, StringComparison.Ordinal);
        Assert.Empty(await redis.DeadSet());
        Assert.Equal(
            "No such jobs.\nNothing done: dead holds no such jobs.",
            (await ToolRunner.Run(redis, "retry", "--set", "dead", "--jid", "j0", "--yes")).Output.ReplaceLineEndings(
                "\n"
            )
        );
    }

    [Fact]
    public async Task Thousands_of_jobs_are_killed_in_steps_of_a_hundred()
    {
        const int Jobs = 2050;
        await using var redis = await RedisServer.Lease();
        for (var i = 0; i < Jobs; i++)
        {
            await redis.SeedScheduledSet(
                Job($"j{i}", i % 2 == 0 ? "Even" : "Odd", "IOError", "x"),
                TestClock.Start.AddSeconds(i)
            );
        }

        Assert.Equal(
            Jobs / 2,
            (await ToolRunner.Json(redis, "kill", "--set", "schedule", "--class", "Even", "--yes"))
                .GetProperty("done")
                .GetInt32()
        );
        Assert.Equal((Jobs / 2, Jobs / 2), ((await redis.ScheduledSet()).Length, (await redis.DeadSet()).Length));
    }

    [Fact]
    public async Task Waiting_jobs_of_a_class_are_deleted_from_their_queue_in_their_order()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue(
            "orders",
            [.. Enumerable.Range(0, 2100).Select(i => Job($"j{i}", i % 3 == 0 ? "Kept" : "Gone", "", ""))]
        );

        var result = await ToolRunner.Run(redis, "delete", "--queue", "orders", "--class", "Gone", "--yes");

        Assert.EndsWith("1,400 jobs of orders were deleted.", result.Output, StringComparison.Ordinal);
        Assert.Equal(
            Enumerable.Range(0, 700).Select(i => Job($"j{i * 3}", "Kept", "", "")),
            await redis.Queue("orders")
        );
    }

    [Theory]
    [InlineData("y", 4, 0)]
    [InlineData("n", 0, 4)]
    public async Task Somebody_at_a_terminal_is_asked(string answer, int done, int left)
    {
        await using var redis = await Filled();
        using var runner = new ToolRunner();
        runner.Console.Interactive();
        runner.Console.Input.PushTextWithEnter(answer);

        var result = await runner.Run(["delete", "--all", "--redis", redis.Url]);

        Assert.Contains("4 jobs of retry will be deleted. Go on?", result.Output, StringComparison.Ordinal);
        Assert.Contains($"{done} jobs of retry were deleted.", result.Output, StringComparison.Ordinal);
        Assert.Equal((0, left), (result.Code, (await redis.RetrySet()).Length));
    }

    [Fact]
    public async Task Without_a_terminal_it_wants_a_yes_and_changes_nothing()
    {
        await using var redis = await Filled();

        var result = await ToolRunner.Run(redis, "delete", "--all");

        Assert.Equal(2, result.Code);
        Assert.Contains("pass --yes", result.Errors, StringComparison.Ordinal);
        Assert.Equal(4, (await redis.RetrySet()).Length);
    }

    [Theory]
    [InlineData("kill", "--yes")]
    [InlineData("retry", "--set", "nowhere", "--all")]
    [InlineData("kill", "--set", "dead", "--all", "--yes")]
    [InlineData("delete", "--queue", "nowhere", "--all", "--yes")]
    public async Task Wrong_use_is_refused_with_the_reason(params string[] arguments)
    {
        await using var redis = await Filled();
        await redis.SeedDeadSet(Job("d", "Pay", "IOError", "x"), TestClock.Start);
        var before = await redis.Snapshot();

        var result = await ToolRunner.Run(redis, arguments);

        Assert.Equal(2, result.Code);
        Assert.NotEqual("", result.Errors);
        Assert.Equal(before, await redis.Snapshot());
    }

    static async Task<RedisDatabase> Filled()
    {
        var redis = await RedisServer.Lease();
        string[] jobs =
        [
            Job("j0", "Pay", "TimeoutError", "slow"),
            Job("j1", "Pay", "TimeoutError", "slow"),
            Job("j2", "Pay", "IOError", "broken"),
            Job("j3", "Mail", "IOError", "broken"),
        ];
        foreach (var (i, job) in jobs.Index())
        {
            await redis.SeedRetrySet(job, TestClock.Start.AddSeconds(i));
        }

        return redis;
    }

    static string Job(string jid, string jobClass, string error, string message) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"class":"{{jobClass}}","args":[],"jid":"{{jid}}","queue":"pay","retry_count":0,"error_class":"{{error}}","error_message":"{{message}}","failed_at":1.0}"""
        );
}
