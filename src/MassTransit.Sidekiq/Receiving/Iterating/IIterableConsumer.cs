using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>
/// A consumer that works through many items, may be interrupted between two of them, and goes on where it was: after a deploy, a crash
/// or a retry. It is registered, configured and injected like any other consumer. Its place is kept in the format of Sidekiq 7.3's
/// iterable jobs. Items run one after the other; an item may run again, so <see cref="Each" /> must be idempotent.
/// </summary>
/// <typeparam name="TMessage">The message that starts it.</typeparam>
/// <typeparam name="TItem">What it works through.</typeparam>
public interface IIterableConsumer<TMessage, TItem> : IConsumer<TMessage>
    where TMessage : class
{
    /// <summary>
    /// How long one run may take before the job goes to the back of its queue, where it lets others through, and goes on from there.
    /// Shorter is fairer, and costs a step and the start of a run each time. Default: as long as it takes.
    /// </summary>
    TimeSpan? MaxIterationRuntime => null;

    /// <summary>
    /// The items in an order that is the same each time, from a cursor on. The item whose cursor it is comes first: it may not have
    /// run. A cursor that Ruby wrote is its JSON, without quotes if it is a string.
    /// </summary>
    /// <param name="context">The message.</param>
    /// <param name="cursor">Where to begin; null for the beginning.</param>
    IAsyncEnumerable<Step<TItem>> Items(ConsumeContext<TMessage> context, string? cursor);

    /// <summary>
    /// Works on one item. An exception fails the attempt, as in any consumer; the retry goes on with this item.
    /// </summary>
    /// <param name="context">The message. Its token fires when the job is cancelled, or its process cannot wait any longer.</param>
    /// <param name="item">The item.</param>
    Task Each(ConsumeContext<TMessage> context, TItem item);

    Task IConsumer<TMessage>.Consume(ConsumeContext<TMessage> context) => Iteration.Run(this, context);
}
