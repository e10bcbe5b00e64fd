using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.CrashWorker;

/// <summary>A job that is counted each time it has run. Its first attempt may fail.</summary>
[SidekiqJob("CrashJob")]
public sealed record CrashJob(int Number, bool Fails = false);

/// <summary>A job that ends the process that runs it.</summary>
[SidekiqJob("PoisonJob")]
public sealed record PoisonJob;

/// <summary>A job that blocks its thread, as synchronous code does, and is counted when it ends.</summary>
[SidekiqJob("BlockingJob")]
public sealed record BlockingJob(int Number, int Milliseconds);

/// <summary>A job of limits: it notes when it starts and ends.</summary>
[SidekiqJob("LimitedJob")]
public sealed record LimitedJob(int Number, int Milliseconds);

/// <summary>The same, for as many at once as there are slots.</summary>
[SidekiqJob("SlotJob")]
public sealed record SlotJob(int Number, int Milliseconds);

sealed class LimitedConsumer(IDatabase redis) : IConsumer<LimitedJob>
{
    public Task Consume(ConsumeContext<LimitedJob> context) =>
        Noted.Run(redis, "starts", context.Message.Number, context.Message.Milliseconds, context);
}

sealed class SlotConsumer(IDatabase redis) : IConsumer<SlotJob>
{
    public Task Consume(ConsumeContext<SlotJob> context) =>
        Noted.Run(redis, "slots", context.Message.Number, context.Message.Milliseconds, context);
}

static class Noted
{
    // The job's number, the time by the machine's monotonic clock in µs, and how often limits had denied it; at the end the number is negative.
    public static async Task Run(IDatabase redis, string key, int number, int milliseconds, ConsumeContext context)
    {
        var started = Now();
        var denials =
            context.GetJob().TryGet("mt", out var metadata) && metadata.TryGetProperty("limited", out var limited)
                ? limited.GetInt32()
                : 0;
        await redis.ListRightPushAsync(key, $"{number} {started} {denials}");
        if (milliseconds > 0)
        {
#pragma warning disable RS0030 // The time that a job takes.
            await Task.Delay(milliseconds, context.CancellationToken);
#pragma warning restore RS0030
            await redis.ListRightPushAsync(key, $"{-number} {Now()} {denials}");
        }
    }

    static long Now() => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
}

/// <summary>A job of as many items as it has run when it is told that they are enough; each is counted when it has run.</summary>
[SidekiqJob("IterableJob")]
public sealed record IterableJob;

sealed class LedgerConsumer(IDatabase redis) : IConsumer<CrashJob>
{
    public Task Consume(ConsumeContext<CrashJob> context) =>
        context.Message.Fails && context.GetJob().RetryCount is null
            ? throw new InvalidOperationException("as it was told")
            : redis.HashIncrementAsync("ledger", context.Message.Number);
}

sealed class PoisonConsumer(IDatabase redis) : IConsumer<PoisonJob>
{
    public async Task Consume(ConsumeContext<PoisonJob> context)
    {
        await redis.StringIncrementAsync("poisoned");
        Process.GetCurrentProcess().Kill();
    }
}

sealed class IterableConsumer(IDatabase redis) : IIterableConsumer<IterableJob, int>
{
    // Short, so that a test sees many interruptions.
    public TimeSpan? MaxIterationRuntime => TimeSpan.FromMilliseconds(200);

    public async IAsyncEnumerable<Step<int>> Items(ConsumeContext<IterableJob> context, string? cursor)
    {
        await redis.StringIncrementAsync("runs");
        for (var item = int.Parse(cursor ?? "0", CultureInfo.InvariantCulture); ; item++)
        {
            if (item % 100 == 0 && await redis.KeyExistsAsync("enough"))
            {
                yield break;
            }

            yield return new Step<int>(item, item.ToString(CultureInfo.InvariantCulture));
        }
    }

    public Task Each(ConsumeContext<IterableJob> context, int item) => redis.HashIncrementAsync("ledger", item);
}

sealed class BlockingConsumer(IDatabase redis) : IConsumer<BlockingJob>
{
    public Task Consume(ConsumeContext<BlockingJob> context)
    {
        using var never = new ManualResetEventSlim();
        never.Wait(context.Message.Milliseconds);
        redis.HashIncrement("ledger", context.Message.Number, flags: CommandFlags.FireAndForget);
        return Task.CompletedTask;
    }
}
