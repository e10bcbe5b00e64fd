namespace MassTransit.Sidekiq;

// Where jobs go: one queue, or a topic. Every job leaves through it, sent or staged.
internal abstract class JobDestination
{
    public abstract string Name { get; }

    public virtual bool IsTemporary => false;

    public abstract Task Send(SidekiqProcess process, in OutgoingJob job);

    // The same destination for a periodic message, which is sent by processes that do not know its type.
    public abstract Task<PeriodicTarget> Describe(SidekiqProcess process, OutgoingJob job);
}

internal sealed class QueueDestination(SidekiqEndpointAddress address) : JobDestination
{
    // How long an unread response stays in a temporary queue whose owner has just died.
    static readonly TimeSpan temporaryLife = TimeSpan.FromMinutes(1);

    public override string Name => address.Name;

    public override bool IsTemporary => address.IsTemporary;

    public override Task Send(SidekiqProcess process, in OutgoingJob job) =>
        job.Batch is not null && address.IsTemporary
            ? throw new InvalidOperationException(
                $"Queue '{address.Name}' is temporary, so a job in it cannot be one of batch '{job.Batch}': it may end unseen. Send to a durable queue."
            )
            : Push(process, job.ToJob(address.Name), job);

    // Sends a job that is already serialized.
    public Task Push(SidekiqProcess process, byte[] json, in OutgoingJob job)
    {
        // A temporary queue has one reader, which waits for this message.
        if (job.IsTied && !address.IsTemporary)
        {
            return process.PushTied(
                new TiedPush(address.Name, job.Class, JobId.From(job.MessageId), json)
                {
                    Unique = job.Unique,
                    Batch = job.Batch,
                    Due = job.Due,
                    Token = job.Token,
                }
            );
        }

        if (job.Due is { } time)
        {
            return process.Schedule(json, time, job.Token);
        }

        return address.IsTemporary
            ? process.Stores.Jobs.PushTemporary(address.Name, json, temporaryLife)
            : process.Stores.Jobs.Push(address.Name, json);
    }

    public override Task<PeriodicTarget> Describe(SidekiqProcess process, OutgoingJob job) =>
        address.IsTemporary
            ? throw new InvalidOperationException(
                $"Queue '{address.Name}' is temporary, and a periodic job would outlive it. Send to a durable queue."
            )
            : Task.FromResult(new PeriodicTarget { Queue = address.Name });
}

// `isExchange`: it is a queue if there is no topic of this name.
internal sealed class TopicDestination(
    string entity,
    bool isExchange,
    PublishedEntities entities,
    EntityDeclarations declarations
) : JobDestination
{
    public override string Name => entity;

    public PublishRequest Request(in OutgoingJob job) =>
        PublishRequest.ToTopic(entity, job.Entities ?? entities.Find(entity), job, isExchange);

    public override Task Send(SidekiqProcess process, in OutgoingJob job)
    {
        var declared = process.Subscriptions.IsComplete ? Declare(process) : DeclareInTurn(process);

        return declared.IsCompletedSuccessfully ? process.Publish(Request(job)) : PublishAfter(declared, process, job);
    }

    public override async Task<PeriodicTarget> Describe(SidekiqProcess process, OutgoingJob job)
    {
        if (isExchange && entities.Find(entity) is null)
        {
            return new PeriodicTarget { Queue = entity };
        }

        await Declare(process).ConfigureAwait(false);
        return new PeriodicTarget { Topic = entity, Static = job.Queue is { } queue ? (queue, job.Class) : null };
    }

    Task Declare(SidekiqProcess process) => declarations.Declare(entity, process.Stores.Topics, process.Redis.Epoch);

    async Task DeclareInTurn(SidekiqProcess process)
    {
        await process.Subscriptions.Wait().ConfigureAwait(false);
        await Declare(process).ConfigureAwait(false);
    }

    async Task PublishAfter(Task declared, SidekiqProcess process, OutgoingJob job)
    {
        await declared.ConfigureAwait(false);
        await process.Publish(Request(job)).ConfigureAwait(false);
    }
}
