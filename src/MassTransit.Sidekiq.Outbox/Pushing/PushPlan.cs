namespace MassTransit.Sidekiq;

// The answer to a command: whether it found its target, and which copies it made.
internal readonly record struct PushAnswer(bool HasMet, IEnumerable<string> Copies);

// One command, and the messages that its answer is for.
internal sealed record PushStep(IReadOnlyList<int> Messages, Func<SidekiqProcess, Task<PushAnswer>> Send)
{
    // A cancellation, which must not overtake what was sent before.
    public Guid? Cancelled { get; init; }

    public PublishRequest? Published { get; init; }

    // Perhaps no job, if another one is unique.
    public UniqueJob? Unique { get; init; }

    // Published with a type that is not known here: then its topic alone determines the receivers.
    public bool IsOfUnknownType { get; init; }
}

// The commands of a batch, in order. Jobs for one queue share a command, since there is no order between
// queues; a publish, which may reach any queue, is sent after everything before it.
internal sealed class PushPlan(
    BusRuntime runtime,
    StagedContracts contracts,
    JobDestinations destinations,
    JobLedger? ledger,
    OutboxOutcome outcome
)
{
    readonly DateTimeOffset now = runtime.Clock.GetUtcNow();
    readonly Dictionary<string, Bulk> bulks = new(StringComparer.Ordinal);
    readonly Dictionary<string, (SidekiqEndpointAddress Address, JobDestination Destination)> known = new(
        StringComparer.Ordinal
    );
    readonly List<PushStep> steps = [];

    public void Add(int index, OutboxMessage row)
    {
        if (row.ExpirationTime is { } end && Utc.Of(end) <= now)
        {
            Expire(index, row);
            return;
        }

        if (StagedMessage.CancelledToken(row) is { } cancelled)
        {
            Flush();
            steps.Add(
                new PushStep(
                    [index],
                    async process => new PushAnswer(await Cancel(process, cancelled).ConfigureAwait(false), [])
                )
                {
                    Cancelled = cancelled,
                }
            );
            return;
        }

        var (address, destination) = Find(
            row.DestinationAddress
                ?? throw new InvalidOperationException($"Message {row.MessageId} has no destination address.")
        );
        var (job, isOfUnknownType) = StagedJob.Of(row, runtime, contracts, address.IsTemporary ? null : ledger, now);
        if (destination is TopicDestination topic)
        {
            Publish(index, topic.Request(job), isOfUnknownType);
        }
        else
        {
            Push(index, address, (QueueDestination)destination, job);
        }
    }

    public IReadOnlyList<PushStep> End()
    {
        Flush();
        return steps;
    }

    (SidekiqEndpointAddress Address, JobDestination Destination) Find(Uri destination)
    {
        if (known.TryGetValue(destination.OriginalString, out var found))
        {
            return found;
        }

        var address = SidekiqEndpointAddress.Parse(runtime.Address, destination);
        if (address.Name.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"Address '{destination}' names a queue or topic with a NUL character, which no database can store. Send to another.",
                nameof(destination)
            );
        }

        return known[destination.OriginalString] = (address, destinations.Of(address));
    }

    // Nothing is sent; its batch does not wait for it.
    void Expire(int index, OutboxMessage row)
    {
        if (row.Properties?.Contains(BatchMember.Key, StringComparison.Ordinal) != true)
        {
            return;
        }

        var (job, _) = StagedJob.Of(row, runtime, contracts, ledger: null, now);
        if (job.Batch is { } bid)
        {
            steps.Add(new PushStep([index], process => Met(process.Stores.Batches.Arrive(bid))));
        }
    }

    void Publish(int index, PublishRequest request, bool isOfUnknownType)
    {
        Flush();
        outcome.Publishes |= ledger is not null;
        steps.Add(
            new PushStep(
                [index],
                async process =>
                {
                    var made = await process.Publish(request).ConfigureAwait(false);
                    return new PushAnswer(
                        made.Count > 0 || request.Unique is { Conflicts.Count: > 0 },
                        ledger is null ? [] : made.Copies
                    );
                }
            )
            {
                Published = request,
                IsOfUnknownType = isOfUnknownType,
            }
        );
    }

    void Push(int index, SidekiqEndpointAddress address, QueueDestination queue, in OutgoingJob job)
    {
        var json = job.ToJob(address.Name);
        if (ledger is not null && !address.IsTemporary)
        {
            outcome.Kept.Add(
                (index, new KeptJob(JobId.From(job.MessageId), job.MessageId, address.Name, json, job.Due))
            );
        }

        if (job.Due is not null || address.IsTemporary || job.IsTied)
        {
            if (job.Due is null)
            {
                Flush();
            }

            var own = job;
            steps.Add(new PushStep([index], process => Met(queue.Push(process, json, own))) { Unique = job.Unique });
            return;
        }

        if (!bulks.TryGetValue(address.Name, out var bulk))
        {
            bulks[address.Name] = bulk = new Bulk([], []);
        }

        bulk.Jobs.Add(json);
        bulk.Messages.Add(index);
    }

    void Flush()
    {
        foreach (var (queue, bulk) in bulks)
        {
            steps.Add(new PushStep(bulk.Messages, process => Met(process.Stores.Jobs.PushBulk(queue, bulk.Jobs))));
        }

        bulks.Clear();
    }

    static Task<bool> Cancel(SidekiqProcess process, Guid token) => process.Stores.Jobs.CancelScheduled(token);

    static async Task<PushAnswer> Met(Task pushed)
    {
        await pushed.ConfigureAwait(false);
        return new PushAnswer(HasMet: true, []);
    }

    sealed record Bulk(List<ReadOnlyMemory<byte>> Jobs, List<int> Messages);
}
