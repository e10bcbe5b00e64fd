using System.Net.Mime;
using System.Text;
using MassTransit.Middleware;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

// The job of a row.
// 1. A row that we staged holds it, finished: nothing is made anew.
// 2. A row of MassTransit's own outbox with properties of this transport holds class, options and arguments in them.
// 3. An older row holds only the message, and its job follows the current contract.
internal static class StagedJob
{
    // `IsOfUnknownType`: neither its properties nor a contract here name its class, which then comes from its type's name.
    public static (OutgoingJob Job, bool IsOfUnknownType) Of(
        OutboxMessage row,
        BusRuntime runtime,
        StagedContracts contracts,
        JobLedger? ledger,
        DateTimeOffset now
    )
    {
        var due = row.EnqueueTime is { } time && Utc.Of(time) > now ? Utc.Of(time) : default(DateTimeOffset?);
        return StagedProperties.Find(row.Properties) is { } staged
            ? (Finished(row, staged, runtime, ledger, due, now), false)
            : Made(row, runtime, contracts, ledger, due, now);
    }

    static OutgoingJob Finished(
        OutboxMessage row,
        in StagedProperties staged,
        BusRuntime runtime,
        JobLedger? ledger,
        DateTimeOffset? due,
        DateTimeOffset now
    )
    {
        var parts = new JobParts(
            ledger is null ? staged.Rest : ledger.Mark(staged.Rest),
            Encoding.UTF8.GetBytes(staged.Args ?? $"[{row.Body}]"),
            due is null ? now : null,
            runtime.TimeFormat,
            ActiveJobWrapper.Is(staged.Class)
        );
        return new OutgoingJob(
            staged.Class,
            row.MessageId,
            Parts: parts,
            Due: due,
            Token: staged.Token,
            Queue: staged.Queue,
            Entities: staged.Entities,
            Unique: UniqueJob.Of(parts.Rest, parts.Args),
            Batch: BatchMember.BidOf(parts.Rest)
        );
    }

    static (OutgoingJob Job, bool IsOfUnknownType) Made(
        OutboxMessage row,
        BusRuntime runtime,
        StagedContracts contracts,
        JobLedger? ledger,
        DateTimeOffset? due,
        DateTimeOffset now
    )
    {
        var context = Context(row, runtime, now);
        var urn = row.MessageType.Split(';')[0];
        var known = context.Stored?.Contract ?? contracts.Find(urn);
        var contract = known ?? Unknown(row, urn);
        var draft = MessageToJob.Draft(context, contract, now, runtime.TimeFormat);
        (draft.CreatedAt, draft.EnqueuedAt) = (Utc.Of(row.SentTime), due is null ? now : null);
        ledger?.Mark(draft);

        var job = new OutgoingJob(
            draft.Class,
            row.MessageId,
            draft,
            Due: due,
            Token: context.ScheduledMessageId,
            Queue: contract.Queue,
            Entities: context.Stored?.Entities,
            Unique: UniqueJob.Of(draft.Options.Unique, draft.Args, draft.Wrapped),
            Batch: draft.Options.Batch
        );
        return (job, known is null);
    }

    static JobSendContext<SerializedMessageBody> Context(OutboxMessage row, BusRuntime runtime, DateTimeOffset now)
    {
        OutboxMessageContext stored = row;
        var context = new JobSendContext<SerializedMessageBody>(new SerializedMessageBody(), CancellationToken.None)
        {
            Keys = runtime.Keys,
            MessageId = row.MessageId,
            ConversationId = row.ConversationId,
            CorrelationId = row.CorrelationId,
            InitiatorId = row.InitiatorId,
            RequestId = row.RequestId,
            SourceAddress = row.SourceAddress,
            DestinationAddress = row.DestinationAddress,
            ResponseAddress = row.ResponseAddress,
            FaultAddress = row.FaultAddress,
            SupportedMessageTypes = row.MessageType.Split(';', StringSplitOptions.RemoveEmptyEntries),
            TimeToLive = row.ExpirationTime is { } end ? Utc.Of(end) - now : null,
            ScheduledMessageId = Guid.TryParse(StagedMessage.ScheduledToken(stored), out var id) ? id : null,
        };

        foreach (var (key, value) in stored.Headers.GetAll())
        {
            context.Headers.Set(key, value);
        }

        context.ReadPropertiesFrom(stored.Properties);
        context.TimeToLive ??= Utc.Of(row.EnqueueTime ?? row.SentTime) + context.Options.ExpiresIn - now;
        context.Serializer = new StoredBody(new ContentType(row.ContentType), new StringMessageBody(row.Body));

        return context;
    }

    // Of a type that is not known here: the class that its name has by convention.
    static JobContract Unknown(OutboxMessage row, string urn) =>
        urn.StartsWith(MessageUrn.Prefix, StringComparison.Ordinal)
            ? JobContract.Unknown(urn)
            : throw new InvalidOperationException(
                $"Message {row.MessageId} names neither a job class nor a message type ('{row.MessageType}'), so its job could not be consumed."
            );

    // The body that was written when the message was staged.
    sealed class StoredBody(ContentType contentType, MessageBody body) : IMessageSerializer
    {
        public ContentType ContentType => contentType;

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class => body;
    }
}
