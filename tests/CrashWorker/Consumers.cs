using System.Diagnostics;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.CrashWorker;

/// <summary>A job that is counted each time it has run.</summary>
[SidekiqJob("CrashJob")]
public sealed record CrashJob(int Number);

/// <summary>A job that ends the process that runs it.</summary>
[SidekiqJob("PoisonJob")]
public sealed record PoisonJob;

/// <summary>A job that blocks its thread, as synchronous code does, and is counted when it ends.</summary>
[SidekiqJob("BlockingJob")]
public sealed record BlockingJob(int Number, int Milliseconds);

sealed class LedgerConsumer(IDatabase redis) : IConsumer<CrashJob>
{
    public Task Consume(ConsumeContext<CrashJob> context) => redis.HashIncrementAsync("ledger", context.Message.Number);
}

sealed class PoisonConsumer(IDatabase redis) : IConsumer<PoisonJob>
{
    public async Task Consume(ConsumeContext<PoisonJob> context)
    {
        await redis.StringIncrementAsync("poisoned");
        Process.GetCurrentProcess().Kill();
    }
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
