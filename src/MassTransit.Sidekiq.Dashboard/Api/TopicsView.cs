namespace MassTransit.Sidekiq;

internal sealed record TopicsView(IReadOnlyList<TopicView> Topics, bool IsComplete)
{
    public static TopicsView Of(TopicsModel model) =>
        new(
            [
                .. model.List.Topics.Select(topic => new TopicView(
                    topic.Name,
                    topic.Implements,
                    [
                        .. topic.Subscriptions.Select(subscription => new SubscriptionView(
                            subscription.Queue,
                            subscription.Class,
                            subscription.IsTemporary,
                            model.ServedQueues.Contains(subscription.Queue)
                        )),
                    ]
                )),
            ],
            model.List.IsComplete
        );
}

internal sealed record TopicView(
    string Name,
    IReadOnlyList<string> Implements,
    IReadOnlyList<SubscriptionView> Subscriptions
);

// Whether a process takes jobs from its queue is told beside it.
internal sealed record SubscriptionView(string Queue, string? Class, bool IsTemporary, bool IsServed);
