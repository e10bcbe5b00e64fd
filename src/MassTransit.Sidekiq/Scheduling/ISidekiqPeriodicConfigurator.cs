namespace MassTransit;

/// <summary>Configures a periodic job beyond its schedule.</summary>
public interface ISidekiqPeriodicConfigurator
{
    /// <summary>The queue each run is sent to. Default: a message is published; a Ruby class goes to <c>default</c>.</summary>
    ISidekiqPeriodicConfigurator Queue(string queue);

    /// <summary>
    /// How late a run is still caught up that was missed because no process was running. Only the latest missed run is caught
    /// up; earlier ones are skipped. With zero, only a run of the last minute is caught up. Default: one hour.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative.</exception>
    ISidekiqPeriodicConfigurator CatchUp(TimeSpan window);

    /// <summary>How often a failed run is retried. Default: the contract's setting, or Sidekiq's 25 times.</summary>
    ISidekiqPeriodicConfigurator Retry(SidekiqRetry retry);
}
