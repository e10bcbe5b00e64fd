using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// Publishes that made no copy, dropped as on an exchange without a binding. Each is counted, each topic is logged once. Faults and
// MassTransit's own events often have no subscriber, which is in their nature: they are neither.
internal sealed class UnroutedPublishes(ILogger logger)
{
    // Topics may be named after tenants.
    const int MostTopics = 1000;

    readonly ConcurrentDictionary<string, byte> logged = new(StringComparer.Ordinal);

    public void Dropped(string topic, string jobClass)
    {
        if (IsOfMassTransit(topic, jobClass))
        {
            return;
        }

        SidekiqMeter.CountUnrouted(topic);
        if (!logged.ContainsKey(topic) && logged.Count < MostTopics && logged.TryAdd(topic, 0))
        {
            logger.Unrouted(jobClass, topic);
        }
    }

    static bool IsOfMassTransit(string topic, string jobClass) =>
        topic.StartsWith("MassTransit:", StringComparison.Ordinal)
        || topic.StartsWith("MassTransit.", StringComparison.Ordinal)
        || jobClass.StartsWith("MassTransit::", StringComparison.Ordinal);
}
