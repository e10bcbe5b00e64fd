namespace MassTransit;

/// <summary>Says more about a periodic job than when it runs.</summary>
public interface ISidekiqPeriodicConfigurator
{
    /// <summary>The queue each run is sent to. Default: a message is published; a Ruby class goes to <c>default</c>.</summary>
    ISidekiqPeriodicConfigurator Queue(string queue);

    /// <summary>
    /// How late a run is made up for that no process was there to enqueue. At most one is, the latest; older ones are left
    /// out. Zero makes up for none but those of the last minute. Default: one hour.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative.</exception>
    ISidekiqPeriodicConfigurator CatchUp(TimeSpan window);

    /// <summary>How often a failed run is retried. Default: what the contract says, or Sidekiq's 25 times.</summary>
    ISidekiqPeriodicConfigurator Retry(SidekiqRetry retry);
}
