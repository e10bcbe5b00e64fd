namespace MassTransit.Sidekiq;

/// A job ready to go. `Draft` is complete but for the queue, class and jid that a destination gives it.
internal readonly record struct OutgoingJob(
    JobDraft Draft,
    JobContract Contract,
    Guid MessageId,
    DateTimeOffset? Due,
    Guid? Token,
    string[]? Entities
);

/// Where jobs go: one queue, or a topic.
internal abstract class JobDestination
{
    public abstract string Name { get; }

    public abstract Task Send(SidekiqProcess process, in OutgoingJob job);

    /// The same destination for a message that is sent again and again, by processes that do not know it.
    public abstract Task<PeriodicTarget> Describe(SidekiqProcess process, OutgoingJob job);
}

internal sealed class QueueDestination(SidekiqEndpointAddress address) : JobDestination
{
    /// How long an unread answer stays in a temporary queue whose owner has just died.
    static readonly TimeSpan temporaryLife = TimeSpan.FromMinutes(1);

    public override string Name => address.Name;

    public override Task Send(SidekiqProcess process, in OutgoingJob job)
    {
        job.Draft.Queue = address.Name;
        job.Draft.Jid = JobId.From(job.MessageId);

        if (job.Due is { } due)
        {
            job.Draft.EnqueuedAt = null;
            return process.Schedule(JobWriter.Write(job.Draft), due, job.Token);
        }

        var json = JobWriter.Write(job.Draft);
        return address.IsTemporary
            ? process.Jobs.PushTemporary(address.Name, json, temporaryLife)
            : process.Jobs.Push(address.Name, json);
    }

    public override Task<PeriodicTarget> Describe(SidekiqProcess process, OutgoingJob job) =>
        address.IsTemporary
            ? throw new InvalidOperationException(
                $"Queue '{address.Name}' is temporary, and a periodic job would outlive it. Send to a durable queue."
            )
            : Task.FromResult(new PeriodicTarget { Queue = address.Name });
}

/// `isExchange`: it is a queue where there is no topic of this name.
internal sealed class TopicDestination(string entity, bool isExchange, PublishedEntities entities) : JobDestination
{
    public override string Name => entity;

    public override Task Send(SidekiqProcess process, in OutgoingJob job)
    {
        var declared = process.Subscriptions.AreThere ? Declare(process) : DeclareInTurn(process);

        return declared.IsCompletedSuccessfully ? Publish(process, job) : PublishAfter(declared, process, job);
    }

    public override async Task<PeriodicTarget> Describe(SidekiqProcess process, OutgoingJob job)
    {
        if (isExchange && entities.Find(entity) is null)
        {
            return new PeriodicTarget { Queue = entity };
        }

        await Declare(process).ConfigureAwait(false);
        return new PeriodicTarget
        {
            Topic = entity,
            Static = job.Contract.Queue is { } queue ? (queue, job.Draft.Class) : null,
        };
    }

    Task Declare(SidekiqProcess process) => entities.Declare(entity, process.Topics, process.Redis.Epoch);

    async Task DeclareInTurn(SidekiqProcess process)
    {
        await process.Subscriptions.Wait().ConfigureAwait(false);
        await Declare(process).ConfigureAwait(false);
    }

    async Task PublishAfter(Task declared, SidekiqProcess process, OutgoingJob job)
    {
        await declared.ConfigureAwait(false);
        await Publish(process, job).ConfigureAwait(false);
    }

    Task Publish(SidekiqProcess process, in OutgoingJob job)
    {
        if (job.Due is not null)
        {
            job.Draft.EnqueuedAt = null;
        }

        var known = job.Entities ?? entities.Find(entity);
        var request = new PublishRequest
        {
            Entities = known ?? [entity],
            FollowImplements = known is null,
            IsExchange = isExchange && known is null,
            Template = JobWriter.WriteTemplate(job.Draft),
            Class = job.Draft.Class,
            MessageId = job.MessageId,
            Static = job.Contract.Queue is { } queue ? [(queue, job.Draft.Class)] : [],
            Due = job.Due,
            Token = job.Token,
        };

        return process.Publish(request);
    }
}
