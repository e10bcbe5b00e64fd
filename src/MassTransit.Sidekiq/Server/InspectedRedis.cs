using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// A Redis without a bus. It holds the connections, which the first question opens, and does nothing by itself: it is not a
// process in Redis, so it has no heartbeat, no lease and no loop.
internal sealed class InspectedRedis(BusSettings settings, ILogger logger, TimeProvider clock)
    : IInspected,
        IAsyncDisposable,
        IDisposable
{
    // The identity is written nowhere: only a process that works on jobs has keys of its own.
    public RedisStores Stores { get; } =
        new(
            new RedisConnection(settings.ToRedisSettings(), logger, clock),
            new RedisKeys(settings.Options.KeyPrefix, ProcessIdentity.New()),
            settings.DeadSet
        );

    public TimeProvider Clock { get; } = clock;

    public SidekiqTimeFormat TimeFormat { get; } = settings.Options.TimeFormat;

    public JobContracts Contracts { get; } = new();

    public Redaction Redaction => field ??= new Redaction(Contracts, settings.Redact);

    // Death handlers belong to a bus.
    public Task Died(ReadOnlyMemory<byte> json, string queue, Exception cause) => Task.CompletedTask;

    public ValueTask DisposeAsync() => Stores.Redis.DisposeAsync();

    // A container that is not disposed asynchronously refuses what cannot be disposed otherwise. Nobody waits for the end then.
    public void Dispose() => DisposeAsync().AsTask().Forget();
}
