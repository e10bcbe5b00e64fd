using MassTransit.Middleware;
using MassTransit.Middleware.InMemoryOutbox;

namespace MassTransit.Sidekiq;

// Runs an iterable consumer. Between two items it may end: the attempt then succeeds, so that no filter retries it, and its settlement
// returns the job to its queue.
internal static class Iteration
{
    public static async Task Run<TMessage, TItem>(
        IIterableConsumer<TMessage, TItem> consumer,
        ConsumeContext<TMessage> context
    )
        where TMessage : class
    {
        RefuseOutbox(context, consumer.GetType());
        var progress = context.GetOrAddPayload(() => new IterationProgress());
        if (!context.TryGetPayload<JobSettlement>(out var settlement))
        {
            await RunThrough(consumer, context).ConfigureAwait(false);
            return;
        }

        var iteration = await settlement.Iterate(consumer.GetType(), progress).ConfigureAwait(false);
        try
        {
            await Run(consumer, context, iteration).ConfigureAwait(false);
        }
        catch (Exception)
        {
            await iteration.Fail().ConfigureAwait(false);
            throw;
        }
    }

    static async Task Run<TMessage, TItem>(
        IIterableConsumer<TMessage, TItem> consumer,
        ConsumeContext<TMessage> context,
        JobIteration iteration
    )
        where TMessage : class
    {
        var token = context.CancellationToken;
        token.ThrowIfCancellationRequested();
        var items = consumer.Items(context, iteration.Cursor).WithCancellation(token).ConfigureAwait(false);
        await foreach (var (item, cursor) in items)
        {
            token.ThrowIfCancellationRequested();
            if (await iteration.Reach(cursor, consumer.MaxIterationRuntime).ConfigureAwait(false))
            {
                return;
            }

            await consumer.Each(context, item).ConfigureAwait(false);
        }

        iteration.Complete();
    }

    // On another transport, as in tests, nothing keeps the place.
    static async Task RunThrough<TMessage, TItem>(
        IIterableConsumer<TMessage, TItem> consumer,
        ConsumeContext<TMessage> context
    )
        where TMessage : class
    {
        var token = context.CancellationToken;
        await foreach (var (item, _) in consumer.Items(context, null).WithCancellation(token).ConfigureAwait(false))
        {
            token.ThrowIfCancellationRequested();
            await consumer.Each(context, item).ConfigureAwait(false);
        }
    }

    // An outbox holds what the items send until the end, and an inbox takes the second run for a repetition: both would lose items.
    static void RefuseOutbox(ConsumeContext context, Type consumer)
    {
        if (context.TryGetPayload<OutboxConsumeContext>(out _) || context.TryGetPayload<OutboxContext>(out _))
        {
            throw new ConfigurationException(
                $"Iterable consumer {TypeCache.GetShortName(consumer)} is on an endpoint with an outbox or inbox, which spans the whole "
                    + "run, while its cursor is saved in the middle: an interruption would lose what was not committed. Give it an endpoint "
                    + "without one, and commit in each item."
            );
        }
    }
}
