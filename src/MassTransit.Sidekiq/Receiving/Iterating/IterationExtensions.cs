using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>What an iterable consumer can do with its context.</summary>
public static class IterationExtensions
{
    /// <summary>
    /// Tells how far the job is, for the inspector and the dashboard's page of running jobs. It costs nothing: it is written with the
    /// cursor, at most every five seconds.
    /// </summary>
    /// <param name="context">The context of the iterable consumer.</param>
    /// <param name="done">How many items are done.</param>
    /// <param name="total">How many there are, if that is known.</param>
    /// <exception cref="InvalidOperationException">The consumer is not an iterable one.</exception>
    public static void Progress(this ConsumeContext context, long done, long? total = null)
    {
        ArgumentNullException.ThrowIfNull(context);

        if (!context.TryGetPayload<IterationProgress>(out var progress))
        {
            throw new InvalidOperationException(
                "Progress is written with the cursor of an iterable consumer, and this consumer is not one. Implement "
                    + "IIterableConsumer, and call it in Items or Each."
            );
        }

        progress.Told = new Progress(done, total);
    }
}
