using System.Text.Json;
using MassTransit.Sidekiq.Tests.Diagnostics;
using MassTransit.Testing;

namespace MassTransit.Sidekiq.Tests;

/// <summary>An exception is the user's code as well, and reading it may fail.</summary>
[Collection(Activities.Collection)]
public sealed class StrangeExceptionTests(ITestOutputHelper output)
{
    static readonly Dictionary<string, Func<Exception>> strange = new(StringComparer.Ordinal)
    {
        ["null message"] = () => new StrangeException(message: () => null!),
        ["message throws"] = () => new StrangeException(message: () => throw new NotSupportedException("message")),
        ["stack throws"] = () => new StrangeException(stack: () => throw new NotSupportedException("stack")),
        ["text throws"] = () => new StrangeException(text: () => throw new NotSupportedException("text")),
        ["base throws"] = () => new StrangeException(root: () => throw new NotSupportedException("base")),
        ["data that nobody can write"] = () => new StrangeException { Data = { ["type"] = typeof(string) } },
        ["data of itself"] = () => new StrangeException { Data = { ["self"] = new Loop() } },
        ["many causes"] = () =>
            Enumerable
                .Range(0, 5_000)
                .Aggregate(new StrangeException(), (inner, _) => new StrangeException(inner: inner)),
        ["half a character"] = () => new StrangeException(message: () => "\ud83d|\udca9"),
        ["huge message"] = () => new StrangeException(message: () => new string('x', 5_000_000)),
    };

    public static TheoryData<string> Strange => [.. strange.Keys];

    [Theory]
    [MemberData(nameof(Strange))]
    public async Task Job_keeps_its_class_and_its_fault_is_published_once(string kind)
    {
        await using var redis = await RedisServer.Lease();
        var (runs, faults) = (new Seen<int?>(), new Seen<Received<Fault<SubmitOrder>>>());
        await using var bus = await FailingOrders.Start(
            redis,
            output,
            faults,
            e =>
                e.UseSidekiqRetry(retry =>
                {
                    retry.Limit(1);
                    retry.Backtrace(true);
                }),
            context =>
            {
                runs.Add(context.GetJob().RetryCount);
                throw strange[kind]();
            }
        );

        await bus.Send("orders", new SubmitOrder(1));
        AssertClass(await redis.Retried());
        Assert.Empty(faults.All);
        await redis.RetryNow();

        Assert.Contains(
            nameof(StrangeException),
            (await faults.Next()).Message.Exceptions[0].ExceptionType,
            StringComparison.Ordinal
        );
        await redis.Until(async state => (await state.DeadSet()).Length == 1);
        AssertClass((await redis.DeadSet())[0]);
        await bus.Harness.Stop();
        Assert.Equal(2, runs.All.Count);
        Assert.Single(faults.All);
        Assert.Contains(bus.Log, line => line.Contains(nameof(StrangeException), StringComparison.Ordinal));
    }

    static void AssertClass(SetEntry entry) =>
        Assert.EndsWith(
            nameof(StrangeException),
            JsonElement.Parse(entry.Job).GetProperty("error_class").GetString()!,
            StringComparison.Ordinal
        );

    sealed class Loop
    {
        public Loop Self => this;
    }

    sealed class StrangeException(
        Func<string>? message = null,
        Func<string>? stack = null,
        Func<string>? text = null,
        Func<Exception>? root = null,
        Exception? inner = null
    ) : Exception("strange", inner)
    {
        public override string Message => message is null ? base.Message : message();

        public override string? StackTrace => stack is null ? base.StackTrace : stack();

        public override string ToString() => text is null ? base.ToString() : text();

        public override Exception GetBaseException() => root is null ? base.GetBaseException() : root();
    }
}
