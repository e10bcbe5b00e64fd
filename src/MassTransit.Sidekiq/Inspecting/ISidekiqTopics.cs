namespace MassTransit;

/// <summary>The topics of this Redis: which queues get a message that is published.</summary>
public interface ISidekiqTopics
{
    /// <summary>
    /// All topics that have subscriptions, by name. Redis keeps no list of them, so it goes through its keys a thousand at a time, at
    /// most a hundred thousand; where there are more, <see cref="SidekiqTopicList.IsComplete" /> is false.
    /// </summary>
    Task<SidekiqTopicList> List(CancellationToken cancellationToken = default);

    /// <summary>
    /// Lets a queue get each message that is published to the topic from now on, such as a Ruby worker's. An endpoint of .NET
    /// subscribes by itself.
    /// </summary>
    /// <param name="topic">Its name, such as <c>Shop:OrderSubmitted</c>.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="jobClass">The class of its jobs. Default: the message's own.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ArgumentException">Sidekiq's Web UI could not open a queue of this name.</exception>
    Task Subscribe(string topic, string queue, string? jobClass = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Ends a subscription. False when there is none. That of an endpoint which still has the consumer comes back when the endpoint
    /// starts.
    /// </summary>
    Task<bool> Unsubscribe(
        string topic,
        SidekiqSubscription subscription,
        CancellationToken cancellationToken = default
    );
}

/// <summary>Topics as they were found.</summary>
/// <param name="Topics">By name.</param>
/// <param name="IsComplete">False when Redis has more keys than were looked at.</param>
public sealed record SidekiqTopicList(IReadOnlyList<SidekiqTopic> Topics, bool IsComplete);

/// <summary>A topic.</summary>
/// <param name="Name">Its name, such as <c>Shop:OrderSubmitted</c>.</param>
/// <param name="Subscriptions">By queue.</param>
/// <param name="Implements">The topics whose subscribers get its messages as well: base types and interfaces.</param>
public sealed record SidekiqTopic(
    string Name,
    IReadOnlyList<SidekiqSubscription> Subscriptions,
    IReadOnlyList<string> Implements
);

/// <summary>A subscription: a queue that gets what is published.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Class">The class of its jobs; null for the message's own.</param>
/// <param name="IsTemporary">Whether it goes with the process that made it.</param>
public sealed record SidekiqSubscription(string Queue, string? Class, bool IsTemporary)
{
    internal string Field { get; init; } = Class is null ? Queue : $"{Queue}|{Class}";
}
