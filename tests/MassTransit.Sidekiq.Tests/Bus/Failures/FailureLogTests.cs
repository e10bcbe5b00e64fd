using MassTransit.Testing;

namespace MassTransit.Sidekiq.Tests;

/// <summary>What the log says of a failed job: one line with the stack for each attempt, an error for the last.</summary>
public sealed class FailureLogTests(ITestOutputHelper output)
{
    const string Stack = "at MassTransit.Sidekiq.Tests.FailureLogTests";

    [Fact]
    public async Task Attempt_that_is_tried_again_is_one_warning()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis, _ => { });

        await bus.Send("orders", new SubmitOrder(1));
        await redis.Retried();
        await bus.Harness.Stop();

        var line = Assert.Single(bus.Log, line => line.Contains(Stack, StringComparison.Ordinal));
        Assert.StartsWith("Warning: Job ", line, StringComparison.Ordinal);
        Assert.Contains("is retried at", line, StringComparison.Ordinal);
        Assert.DoesNotContain(bus.Log, IsError);
        Assert.DoesNotContain(bus.Log, line => line.Contains("R-FAULT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Last_attempt_is_one_error_and_the_line_that_says_where_the_job_went()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis, e => e.UseSidekiqRetry(retry => retry.None()));

        await bus.Send("orders", new SubmitOrder(1));
        await redis.Until(async state => (await state.DeadSet()).Length == 1);
        await bus.Harness.Stop();

        var line = Assert.Single(bus.Log, line => line.Contains(Stack, StringComparison.Ordinal));
        Assert.StartsWith("Error: R-FAULT", line, StringComparison.Ordinal);
        Assert.Single(bus.Log, IsError);
        Assert.Single(bus.Log, line => line.Contains("is dead", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Job_that_nobody_understands_is_one_warning_while_it_is_tried_again()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis, _ => { });

        await redis.SeedQueue(
            "orders",
            """{"class":"Unheard::Of","args":[1]}""",
            """{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[1,2,3]}"""
        );
        await redis.Until(async state => (await state.RetrySet()).Length == 2);
        await bus.Harness.Stop();

        Assert.DoesNotContain(bus.Log, IsError);
        Assert.Equal(2, bus.Log.Count(line => line.Contains("is retried at", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Every_consumer_that_failed_is_in_the_log()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(
            redis,
            e => e.Handler<SubmitOrder>(_ => throw new InvalidOperationException("another"))
        );

        await bus.Send("orders", new SubmitOrder(1));
        await redis.Retried();
        await bus.Harness.Stop();

        Assert.Single(bus.Log, line => line.Contains("InvalidOperationException: another", StringComparison.Ordinal));
        Assert.Single(bus.Log, line => line.Contains("InvalidOperationException: no", StringComparison.Ordinal));
        Assert.DoesNotContain(bus.Log, IsError);
    }

    [Fact]
    public async Task Failure_that_leaves_the_pipe_is_logged_once()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(
            redis,
            e =>
            {
                e.UseSidekiqRetry(retry => retry.None());
                e.RethrowFaultedMessages();
            }
        );

        await bus.Send("orders", new SubmitOrder(1));
        await redis.Until(async state => (await state.DeadSet()).Length == 1);
        await bus.Harness.Stop();

        Assert.Single(bus.Log, line => line.Contains(Stack, StringComparison.Ordinal));
        Assert.Single(bus.Log, IsError);
    }

    static bool IsError(string line) => line.StartsWith("Error", StringComparison.Ordinal);

    Task<TestBus> Start(RedisDatabase redis, Action<ISidekiqReceiveEndpointConfigurator> configure) =>
        FailingOrders.Start(redis, output, new(), configure, _ => throw new InvalidOperationException("no"));
}
