namespace MassTransit;

/// <summary>Configures the queues of one endpoint, in the order in which they are checked.</summary>
public interface ISidekiqQueuesConfigurator
{
    /// <summary>Adds a queue that is checked before all queues added after it: strict order, so a full queue starves the later ones.</summary>
    ISidekiqQueuesConfigurator Strict(string queue);

    /// <summary>
    /// Adds a queue that is checked first in <paramref name="weight" /> out of the sum of all weights: a higher weight is served
    /// sooner, and no queue starves. Mixing strict and weighted queues in one endpoint is refused, as in Sidekiq.
    /// </summary>
    ISidekiqQueuesConfigurator Weighted(string queue, int weight);
}
