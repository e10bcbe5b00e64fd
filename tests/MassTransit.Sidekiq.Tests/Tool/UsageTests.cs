namespace MassTransit.Sidekiq.Tests.Tool;

public sealed class UsageTests
{
    [Theory]
    [InlineData("SIDEKIQ_URL", "REDIS_URL")]
    [InlineData("REDIS_URL", "OTHER")]
    public async Task Redis_is_that_of_the_environment_unless_it_is_named(string variable, string other)
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("orders");
        using var runner = new ToolRunner { Variables = { [variable] = redis.Url, [other] = "redis://127.0.0.1:1/0" } };

        Assert.Equal("orders", (await runner.Run(["queues", "--json"])).Json[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task Redis_is_named_as_StackExchange_Redis_does_too_and_keys_have_their_prefix()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.SetAddAsync("shop:queues", "orders");
        using var runner = new ToolRunner();

        var result = await runner.Run(["queues", "-r", redis.ConnectionString, "--key-prefix", "shop:", "--json"]);

        Assert.Equal("orders", result.Json[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task Tables_have_no_colors_and_lines_are_not_broken_where_nobody_looks()
    {
        await using var redis = await RedisServer.Lease();

        var result = await ToolRunner.Run(redis, "doctor");

        Assert.DoesNotContain('\u001b', result.Output);
        Assert.Contains("│ redis ", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("queues", "--redis", "nonsense://x")]
    [InlineData("queues", "--redis", "redis://127.0.0.1:1/0")]
    [InlineData("queues", "--redis", "redis://127.0.0.1:1/-1")]
    [InlineData("queues", "--bogus")]
    [InlineData("jobs")]
    [InlineData("tail", "--interval", "0")]
    [InlineData("batches", "--limit", "0")]
    [InlineData("bogus")]
    [InlineData("outbox")]
    [InlineData("outbox", "--outbox", "Data Source=/nowhere/x.db", "--provider", "sqlite")]
    [InlineData("outbox", "--outbox", "nonsense", "--provider", "postgres")]
    public async Task What_it_cannot_do_is_one_sentence_and_the_code_2(params string[] arguments)
    {
        using var runner = new ToolRunner();

        var result = await runner.Run(arguments);

        Assert.Equal(2, result.Code);
        Assert.NotEqual("", result.Errors);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queue_that_is_not_there_is_told_with_those_that_are()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("orders");

        var result = await ToolRunner.Run(redis, "jobs", "order");

        Assert.Equal(2, result.Code);
        Assert.StartsWith("There is no queue 'order'. The queues are orders;", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_password_is_no_stack_trace()
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { Password = "sesame" });
        using var runner = new ToolRunner();

        var result = await runner.Run(["queues", "-r", $"redis://:wrong@127.0.0.1:{server.Port}/0"]);

        Assert.Equal(2, result.Code);
        Assert.Contains("user name or password were not accepted", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_word_it_tells_its_commands()
    {
        using var runner = new ToolRunner();

        var result = await runner.Run([]);

        Assert.Equal(0, result.Code);
        Assert.Contains("dotnet sidekiq [command]", result.Output, StringComparison.Ordinal);
        Assert.Contains("doctor", result.Output, StringComparison.Ordinal);
    }
}
