namespace MassTransit.Sidekiq;

internal sealed class TopicActions(ISidekiqInspector inspector)
{
    public async Task<ActionResult> Run(DashboardCall call)
    {
        var (topic, queue, jobClass) = (call.Field("topic") ?? "", call.Field("queue") ?? "", call.Field("class"));
        if (!call.IsAdmin)
        {
            return ActionResult.Failed("You may not change subscriptions.");
        }

        switch (call.Field("action"))
        {
            case "subscribe":
                await inspector.Topics.Subscribe(topic, queue, jobClass, call.Aborted).ConfigureAwait(false);
                return new ActionResult(
                    "subscribe",
                    $"{queue} to {topic}",
                    $"{queue} gets what is published to {topic}"
                );
            case "unsubscribe":
                var list = await inspector.Topics.List(call.Aborted).ConfigureAwait(false);
                var subscription = list
                    .Topics.FirstOrDefault(found => found.Name == topic)
                    ?.Subscriptions.FirstOrDefault(found => found.Queue == queue && found.Class == jobClass);
                var isDone =
                    subscription is not null
                    && await inspector.Topics.Unsubscribe(topic, subscription, call.Aborted).ConfigureAwait(false);
                return ActionResult.One(
                    "unsubscribe",
                    $"{queue} from {topic}",
                    isDone,
                    $"{queue} gets no more of {topic}",
                    $"{queue} does not subscribe to {topic} any more"
                );
            default:
                return ActionResult.Failed("The page is of another version. Reload it.");
        }
    }
}
