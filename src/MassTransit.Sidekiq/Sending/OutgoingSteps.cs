namespace MassTransit.Sidekiq;

// The steps that create jobs, for sends, outboxes and periodic jobs. The poller of this process is awake when one is due.
internal static class OutgoingSteps
{
    public static async Task<Publication> Publish(this SidekiqProcess process, PublishRequest request)
    {
        var publication = await process.Stores.Topics.Publish(request).ConfigureAwait(false);
        if (request.Due is { } due)
        {
            process.DueJobs.Expect(due);
        }

        return publication;
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
