namespace MassTransit.Sidekiq;

/// One command, and the messages that its answer is for. It answers whether it met what it was for.
internal sealed record PushStep(IReadOnlyList<int> Messages, Func<SidekiqProcess, Task<bool>> Send)
{
    /// A cancellation, which what was sent before must not overtake.
    public Guid? Cancelled { get; init; }

    public PublishRequest? Published { get; init; }

    /// Published with a type that nobody here knows: then its topic alone tells who gets it.
    public bool IsOfUnknownType { get; init; }
}

/// The commands that a batch becomes, in their order. Jobs for one queue share a command, since nothing orders them against
/// other queues; a publish, which may reach any queue, goes out behind everything before it.
internal sealed class PushPlan(
    SidekiqHostConfiguration host,
    StagedContracts contracts,
    JobLedger? ledger,
    OutboxOutcome outcome
)
{
    /// How long an unread answer stays in a temporary queue whose owner has just died.
    static readonly TimeSpan temporaryLife = TimeSpan.FromMinutes(1);

    readonly DateTimeOffset now = host.Clock.GetUtcNow();
    readonly Dictionary<string, Bulk> bulks = new(StringComparer.Ordinal);
    readonly Dictionary<string, SidekiqEndpointAddress> addresses = new(StringComparer.Ordinal);
    readonly List<PushStep> steps = [];

    public void Add(int index, OutboxMessage row)
    {
        if (row.ExpirationTime is { } end && StagedMessage.Utc(end) <= now)
        {
            return;
        }

        if (StagedMessage.CancelledToken(row) is { } cancelled)
        {
            Flush();
            steps.Add(
                new PushStep([index], process => process.Jobs.CancelScheduled(cancelled)) { Cancelled = cancelled }
            );
            return;
        }

        var address = Address(
            row.DestinationAddress
                ?? throw new InvalidOperationException($"Message {row.MessageId} has no destination address.")
        );
        var job = StagedMessage.ToJob(row, host, contracts, now);
        if (!address.IsTemporary)
        {
            ledger?.Mark(job.Draft);
        }

        if (address.IsTopic)
        {
            Publish(index, row.MessageId, address, job);
            return;
        }

        job.Draft.Queue = address.Name;
        job.Draft.Jid = JobId.From(row.MessageId);
        Push(index, row.MessageId, address, job);
    }

    public IReadOnlyList<PushStep> End()
    {
        Flush();
        return steps;
    }

    SidekiqEndpointAddress Address(Uri destination)
    {
        if (!addresses.TryGetValue(destination.OriginalString, out var address))
        {
            address = SidekiqEndpointAddress.Parse(host.HostAddress, destination);
            if (address.Name.Contains('\0', StringComparison.Ordinal))
            {
                throw new ArgumentException(
                    $"Address '{destination}' names a queue or topic with a NUL character, which no database keeps. Send to another.",
                    nameof(destination)
                );
            }

            addresses[destination.OriginalString] = address;
        }

        return address;
    }

    void Publish(int index, Guid messageId, SidekiqEndpointAddress address, StagedJob job)
    {
        var entities = job.Entities ?? host.Entities.Find(address.Name);
        var request = new PublishRequest
        {
            Entities = entities ?? [address.Name],
            FollowImplements = entities is null,
            IsExchange = address.IsExchange && entities is null,
            Template = JobWriter.WriteTemplate(job.Draft),
            Class = job.Draft.Class,
            MessageId = messageId,
            Static = job.Queue is { } queue ? [(queue, job.Draft.Class)] : [],
            Due = job.Due,
            Token = job.Token,
            Copies = ledger is null ? null : [],
        };

        Flush();
        outcome.Publishes |= ledger is not null;
        steps.Add(
            new PushStep([index], process => Publish(process, request))
            {
                Published = request,
                IsOfUnknownType = job.IsOfUnknownType,
            }
        );
    }

    void Push(int index, Guid messageId, SidekiqEndpointAddress address, StagedJob job)
    {
        var json = JobWriter.Write(job.Draft);
        if (ledger is not null && !address.IsTemporary)
        {
            outcome.Kept.Add((index, new KeptJob(job.Draft.Jid, messageId, address.Name, json, job.Due)));
        }

        if (job.Due is { } due)
        {
            steps.Add(new PushStep([index], process => Met(process.Schedule(json, due, job.Token))));
            return;
        }

        if (address.IsTemporary)
        {
            Flush();
            steps.Add(new PushStep([index], process => process.Jobs.PushTemporary(address.Name, json, temporaryLife)));
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
            steps.Add(new PushStep(bulk.Messages, process => Met(process.Jobs.PushBulk(queue, bulk.Jobs))));
        }

        bulks.Clear();
    }

    static async Task<bool> Publish(SidekiqProcess process, PublishRequest request)
    {
        await process.Publish(request).ConfigureAwait(false);
        return request.Made > 0;
    }

    static async Task<bool> Met(Task pushed)
    {
        await pushed.ConfigureAwait(false);
        return true;
    }

    sealed record Bulk(List<ReadOnlyMemory<byte>> Jobs, List<int> Messages);
}
