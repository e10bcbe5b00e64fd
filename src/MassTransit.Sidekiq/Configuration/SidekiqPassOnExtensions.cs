using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>Passes what Ruby's middleware stores in a job on to what its consumer sends.</summary>
public static class SidekiqPassOnExtensions
{
    /// <summary>
    /// The messages that consumers of this bus or endpoint send and publish take over current attributes, locale and tags of the job
    /// that they consume, so that a Ruby worker behind them runs in the same context. What the message itself sets takes
    /// precedence. It reads the consumed job once per message that is sent. Default: nothing is passed on.
    /// </summary>
    /// <param name="configurator">The bus, or a receive endpoint.</param>
    /// <param name="what">What is passed on. Default: all of it.</param>
    public static void PassOnJobContext<T>(this T configurator, SidekiqPassOn what = SidekiqPassOn.All)
        where T : ISendPipelineConfigurator, IPublishPipelineConfigurator
    {
        ArgumentNullException.ThrowIfNull(configurator);
        configurator.ConfigureSend(pipe => pipe.UseFilter(new JobContextFilter<SendContext>(what)));
        configurator.ConfigurePublish(pipe => pipe.UseFilter(new JobContextFilter<PublishContext>(what)));
    }
}
