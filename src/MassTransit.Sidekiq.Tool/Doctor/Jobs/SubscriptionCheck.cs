namespace MassTransit.Sidekiq;

// Each publish puts a job into every subscribed queue, whether somebody reads it or not.
internal sealed class SubscriptionCheck() : DoctorCheck("subscriptions")
{
    public override async Task<Finding> Run(Examination examination)
    {
        var (topics, isComplete) = await examination.Inspector.Topics.List(examination.Token);
        var read = await examination.ReadQueues();
        var unread = topics
            .SelectMany(topic => topic.Subscriptions.Select(subscription => (topic.Name, subscription)))
            // A temporary one ends with its process by itself.
            .Where(one => !one.subscription.IsTemporary && !read.Contains(one.subscription.Queue))
            .Select(one => $"{one.subscription.Queue} to {one.Name}")
            .ToList();
        if (unread.Count > 0)
        {
            return Error(
                $"Subscribed, and read by no process: {Words.List(unread)}.",
                "Each publish fills that queue. Start its process; or, if it is gone for good, end the subscription: on the dashboard, or with ISidekiqInspector.Topics.Unsubscribe."
            );
        }

        return Ok(
            $"Each subscribed queue is read: {Words.Count(topics.Count, "topic")}{(isComplete ? "" : " among the first 100,000 keys")}."
        );
    }
}
