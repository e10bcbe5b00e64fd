using System.Diagnostics;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.CrashWorker;

/// <summary>A job that is counted each time it has run.</summary>
[SidekiqJob("CrashJob")]
public sealed record CrashJob(int Number);

/// <summary>A job that ends the process that runs it.</summary>
[SidekiqJob("PoisonJob")]
public sealed record PoisonJob;

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
