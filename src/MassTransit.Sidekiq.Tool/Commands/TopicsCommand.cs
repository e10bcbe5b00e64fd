namespace MassTransit.Sidekiq;

// A subscription, as `topics` shows it.
internal sealed record SubscriptionRow(string Topic, string Queue, string? Class, bool IsTemporary, int Processes);

internal sealed class TopicsCommand()
    : ToolCommand("topics", "Lists the topics that messages are published to, with the queues that subscribe to them.")
{
    static readonly Sheet<SubscriptionRow> sheet = new(
        "No queue has subscribed to a topic.",
        new Column<SubscriptionRow>("topic", row => row.Topic),
        new Column<SubscriptionRow>("queue", row => row.Queue),
        new Column<SubscriptionRow>("class", row => row.Class ?? "(the message's own)"),
        new Column<SubscriptionRow>("temporary", row => row.IsTemporary ? "temporary" : ""),
        new Column<SubscriptionRow>("processes", row => Words.Number(row.Processes), IsNumber: true)
    );

    protected override async Task<int> Run(ToolRun run)
    {
        var topics = await run.Inspector.Topics.List(run.Token);
        var processes = await run.Inspector.Processes(run.Token);
        var rows =
            from topic in topics.Topics
            from subscription in topic.Subscriptions
            select new SubscriptionRow(
                topic.Name,
                subscription.Queue,
                subscription.Class,
                subscription.IsTemporary,
                processes.Count(process => process.Queues.Contains(subscription.Queue, StringComparer.Ordinal))
            );

        run.Terminal.Show([.. rows], sheet);
        if (!topics.IsComplete)
        {
            run.Terminal.Note(
                "Redis has more than 100,000 keys, and topics are found by their keys: there may be more."
            );
        }

        return ExitCode.Fine;
    }
}
