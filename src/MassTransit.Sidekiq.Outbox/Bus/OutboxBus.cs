using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// The bus whose messages an outbox keeps. An in-memory bus, which a test harness puts in place of ours, has no jobs to
// stage: a scope's messages are sent at once, a consumer's after its commit. Any other bus is a mistake.
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
