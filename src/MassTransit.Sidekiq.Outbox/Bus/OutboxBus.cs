using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// The bus whose messages an outbox keeps. One in memory, which a test harness puts in the place of ours, has no jobs to
// stage: what a scope sends goes at once, what a consumer sends goes after its commit. Any other is a mistake.
internal abstract class OutboxBus(string context, Func<IBusInstance> find)
{
    public IBusInstance Instance => find();

    public bool IsInMemory =>
        BusRuntime.Find(Instance) is null
        && string.Equals(Instance.HostConfiguration.HostAddress.Scheme, "loopback", StringComparison.Ordinal);

    // Of the bus on Sidekiq.
    public BusRuntime Runtime =>
        BusRuntime.Find(Instance)
        ?? throw new ConfigurationException(
            $"The outbox of {context} drains to Sidekiq, and its bus runs on {Instance.HostConfiguration.HostAddress}. Configure the bus with UsingSidekiq."
        );

    public void Check()
    {
        if (!IsInMemory)
        {
            _ = Runtime;
        }
    }
}

internal sealed class OutboxBus<TDbContext>(Func<IBusInstance> find) : OutboxBus(typeof(TDbContext).Name, find);
