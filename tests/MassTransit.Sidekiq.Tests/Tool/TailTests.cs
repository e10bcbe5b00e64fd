namespace MassTransit.Sidekiq.Tests.Tool;

public sealed class TailTests
{
    static readonly TimeSpan second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Each_second_tells_what_was_done_and_failed_and_which_queues_grew()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("orders", "{}");
        await redis.Db.StringSetAsync("stat:processed", 10);
        var clock = new FakeClock();
        using var runner = new ToolRunner { Clock = clock };
        var tail = runner.Run(["tail", "--lines", "2", "--json", "--redis", redis.Url]);

        await clock.Armed().InTime();
        await redis.SeedQueue("orders", "{}", "{}");
        await redis.Db.StringSetAsync("stat:processed", 15);
        await redis.Db.StringSetAsync("stat:failed", 2);
        clock.Advance(second);
        await Until(() => runner.Console.Output.Contains('\n', StringComparison.Ordinal));
        clock.Advance(second);
        var lines = (await tail.InTime()).Output.Split('\n');

        Assert.Equal(2, lines.Length);
        Assert.Contains("\"done\":3,\"failed\":2,", lines[0], StringComparison.Ordinal);
        Assert.Contains(
            "\"queues\":[{\"name\":\"orders\",\"size\":3,\"change\":2}]",
            lines[0],
            StringComparison.Ordinal
        );
        Assert.Contains("\"done\":0,\"failed\":0,", lines[1], StringComparison.Ordinal);
        Assert.Contains("\"queues\":[]", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_goes_on_when_Redis_is_back_and_ends_with_Ctrl_C()
    {
        await using var server = await RedisServer.StartOwn();
        var clock = new FakeClock();
        using var runner = new ToolRunner { Clock = clock };
        using var interrupt = new CancellationTokenSource();
        var tail = runner.Run(["tail", "--redis", $"redis://127.0.0.1:{server.Port}/0"], interrupt.Token);
        await clock.Armed().InTime();

        await server.Kill();
        await Until(() =>
        {
            clock.Advance(second);
            return runner.Errors.Contains("did not answer", StringComparison.Ordinal);
        });
        await server.Restart();
        await Until(() =>
        {
            clock.Advance(second);
            return runner.Console.Output.Contains("enqueued", StringComparison.Ordinal);
        });
        await interrupt.CancelAsync();

        Assert.Equal(0, (await tail.InTime()).Code);
    }
}
