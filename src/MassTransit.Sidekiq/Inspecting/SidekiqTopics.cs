namespace MassTransit.Sidekiq;

internal sealed class SidekiqTopics(IInspected inspected) : ISidekiqTopics
{
    RedisStores Stores => inspected.Stores;

    public async Task<SidekiqTopicList> List(CancellationToken cancellationToken = default)
    {
        var (topics, isComplete) = await Stores.TopicReader.List(cancellationToken).ConfigureAwait(false);
        return new SidekiqTopicList(
            [
                .. topics
                    .Select(topic => new SidekiqTopic(
                        topic.Name,
                        [
                            .. topic
                                .Subscriptions.Select(Read)
                                .OrderBy(subscription => subscription.Field, StringComparer.Ordinal),
                        ],
                        [.. topic.Implements.Order(StringComparer.Ordinal)]
                    ))
                    .OrderBy(topic => topic.Name, StringComparer.Ordinal),
            ],
            isComplete
        );
    }

    public Task Subscribe(
        string topic,
        string queue,
        string? jobClass = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(topic);
        ArgumentNullException.ThrowIfNull(queue);
        if (QueueName.Fault(queue, "Subscribe a queue of another name.") is { } fault)
        {
            throw new ArgumentException(fault, nameof(queue));
        }

        var subscription = new SidekiqSubscription(queue, jobClass, IsTemporary: false);
        return Stores.Topics.Subscribe([topic], subscription.Field, jobClass ?? "").WaitAsync(cancellationToken);
    }

    public Task<bool> Unsubscribe(
        string topic,
        SidekiqSubscription subscription,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(topic);
        ArgumentNullException.ThrowIfNull(subscription);
        return Stores.TopicReader.Unsubscribe(topic, subscription.Field).WaitAsync(cancellationToken);
    }

    // A field is "queue" or "queue|Class"; its value the class, "" for the message's own, or that of a temporary queue.
    static SidekiqSubscription Read((string Field, string Value) subscription)
    {
        var bar = subscription.Field.IndexOf('|', StringComparison.Ordinal);
        var queue = bar < 0 ? subscription.Field : subscription.Field[..bar];
        var isTemporary = subscription.Value == RedisKeys.TemporarySubscriber;
        var jobClass =
            isTemporary ? null
            : subscription.Value.Length > 0 ? subscription.Value
            : bar < 0 ? null
            : subscription.Field[(bar + 1)..];

        return new SidekiqSubscription(queue, jobClass, isTemporary) { Field = subscription.Field };
    }
}
