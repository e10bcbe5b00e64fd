namespace MassTransit;

/// <summary>The queues of one endpoint, in the order they are asked.</summary>
public interface ISidekiqQueuesConfigurator
{
    /// <summary>A queue that is asked before all that are named after it: strict order, so a full queue starves the later ones.</summary>
    ISidekiqQueuesConfigurator Strict(string queue);

    /// <summary>
    /// A queue that is asked first in <paramref name="weight" /> of all weights: a higher weight means sooner, and none
    /// starves. Mixing strict and weighted queues in one endpoint is refused, as in Sidekiq.
    /// </summary>
    ISidekiqQueuesConfigurator Weighted(string queue, int weight);
}
