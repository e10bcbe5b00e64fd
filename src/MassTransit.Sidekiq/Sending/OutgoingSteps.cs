namespace MassTransit.Sidekiq;

// The steps that create jobs, for sends, outboxes and periodic jobs. The poller of this process is awake when one is due.
internal static class OutgoingSteps
{
    public static async Task<Publication> Publish(this SidekiqProcess process, PublishRequest request)
    {
        var publication = await (
            request.Unique is null ? process.Stores.Topics.Publish(request) : process.Uniques.Publish(request)
        ).ConfigureAwait(false);
        if (request.Due is { } due)
        {
            process.DueJobs.Expect(due);
        }

        return publication;
    }

    public static async Task PushUnique(this SidekiqProcess process, UniquePush push)
    {
        await process.Uniques.Push(push).ConfigureAwait(false);
        if (push.Due is { } due)
        {
            process.DueJobs.Expect(due);
        }
    }

    public static async Task Schedule(
        this SidekiqProcess process,
        ReadOnlyMemory<byte> json,
        DateTimeOffset due,
        Guid? token
    )
    {
        await process.Stores.Jobs.Schedule(json, due, token).ConfigureAwait(false);
        process.DueJobs.Expect(due);
    }
}
