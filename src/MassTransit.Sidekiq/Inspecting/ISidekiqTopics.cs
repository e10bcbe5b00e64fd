namespace MassTransit;

/// <summary>The topics of this Redis: the fan-out of published messages to queues.</summary>
public interface ISidekiqTopics
{
    /// <summary>
    /// All topics that have subscriptions, by name. Redis has no index of them, so its keys are scanned a thousand at a time, at
    /// most a hundred thousand; if there are more, <see cref="SidekiqTopicList.IsComplete" /> is false.
    /// </summary>
    Task<SidekiqTopicList> List(CancellationToken cancellationToken = default);

    /// <summary>
    /// Subscribes a queue, such as a Ruby worker's, to the messages that are published to the topic from now on. An endpoint of
    /// .NET subscribes by itself.
    /// </summary>
    /// <param name="topic">The name of the topic, such as <c>Shop:OrderSubmitted</c>.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="jobClass">The class of its jobs. Default: the message's own.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">Sidekiq's Web UI cannot open a queue of this name.</exception>
    Task Subscribe(string topic, string queue, string? jobClass = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes a subscription. False when there is none. An endpoint that still has the consumer subscribes again when it starts.
    /// </summary>
    Task<bool> Unsubscribe(
        string topic,
        SidekiqSubscription subscription,
        CancellationToken cancellationToken = default
    );
}

/// <summary>The topics that a scan found.</summary>
/// <param name="Topics">The topics, by name.</param>
/// <param name="IsComplete">False when Redis has more keys than were scanned.</param>
public sealed record SidekiqTopicList(IReadOnlyList<SidekiqTopic> Topics, bool IsComplete);

/// <summary>A topic.</summary>
/// <param name="Name">Its name, such as <c>Shop:OrderSubmitted</c>.</param>
/// <param name="Subscriptions">The subscriptions, by queue.</param>
/// <param name="Implements">The topics whose subscribers also get its messages: base types and interfaces.</param>
public sealed record SidekiqTopic(
    string Name,
    IReadOnlyList<SidekiqSubscription> Subscriptions,
    IReadOnlyList<string> Implements
);

/// <summary>A subscription: a queue that gets a copy of each published message.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Class">The class of its jobs; null for the message's own.</param>
/// <param name="IsTemporary">Whether it ends with the process that created it.</param>
public sealed record SidekiqSubscription(string Queue, string? Class, bool IsTemporary)
{
    internal string Field { get; init; } = Class is null ? Queue : $"{Queue}|{Class}";
}
