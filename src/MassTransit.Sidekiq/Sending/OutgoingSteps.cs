namespace MassTransit.Sidekiq;

// The steps that create jobs, for sends, outboxes and periodic jobs. The poller of this process is awake when one is due.
internal static class OutgoingSteps
{
    public static async Task<Publication> Publish(this SidekiqProcess process, PublishRequest request)
    {
        var publication = await (
            request.Unique is not null ? process.Uniques.Publish(request)
            : request.Batch is not null ? PublishInBatch(process, request)
            : process.Stores.Topics.Publish(request)
        ).ConfigureAwait(false);
        if (request.Due is { } due)
        {
            process.DueJobs.Expect(due);
        }

        if (publication.Count == 0 && request.Unique is not { Conflicts.Count: > 0 })
        {
            process.Unrouted.Dropped(request.Entities[0], request.Class);
        }

        return publication;
    }

    public static async Task PushTied(this SidekiqProcess process, TiedPush push)
    {
        await (push.Unique is null ? process.Stores.Tied.Push(push) : process.Uniques.Push(push)).ConfigureAwait(false);
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

    static async Task<Publication> PublishInBatch(SidekiqProcess process, PublishRequest request)
    {
        var made = await process.Stores.Topics.PublishTied(request).ConfigureAwait(false);
        return new Publication(made.Count, made.Copies);
    }
}
