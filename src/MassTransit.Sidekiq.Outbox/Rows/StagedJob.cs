using System.Net.Mime;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using MassTransit.Middleware;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

// The job that a row stands for.
// 1. What we staged holds it, finished: nothing of it is made anew.
// 2. A row of MassTransit's own outbox that the transport wrote properties for has class, options and arguments in them.
// 3. One from before has the message only, and its job is that of the contract as it is now.
internal static class StagedJob
{
    // The rest of the job (JobWriter.WriteRest), as a JSON object.
    public const string JobProperty = "Sidekiq-Job";

    public static OutgoingJob Of(
        OutboxMessage row,
        BusRuntime runtime,
        StagedContracts contracts,
        JobLedger? ledger,
        DateTimeOffset now
    )
    {
        var due = row.EnqueueTime is { } time && Utc.Of(time) > now ? Utc.Of(time) : default(DateTimeOffset?);
        return Finished(row, runtime, ledger, due, now) ?? Made(row, runtime, contracts, ledger, due, now);
    }

    // Of a type that nobody here knows: neither its properties nor a contract tell its class.
    public static bool IsOfUnknownType(OutboxMessage row, StagedContracts contracts) =>
        !((OutboxMessageContext)row).Properties.ContainsKey(JobProperties.Class)
        && contracts.Find(row.MessageType.Split(';')[0]) is null;

    static OutgoingJob? Finished(
        OutboxMessage row,
        BusRuntime runtime,
        JobLedger? ledger,
        DateTimeOffset? due,
        DateTimeOffset now
    )
    {
        if (row.Properties?.Contains(JobProperty, StringComparison.Ordinal) != true)
        {
            return null;
        }

        var properties = JobJson.Object(Encoding.UTF8.GetBytes(row.Properties));
        if (
            !properties.TryGetValue(JobProperty, out var job)
            || job.ValueKind != JsonValueKind.Object
            || Text(properties, JobProperties.Class) is not { } jobClass
        )
        {
            return null;
        }

        var rest = JsonMarshal.GetRawUtf8Value(job);
        if (ledger is not null)
        {
            rest = ledger.Mark(rest.ToArray()).Span;
        }

        var args = Text(properties, JobProperties.Args) ?? $"[{row.Body}]";
        return new OutgoingJob(
            jobClass,
            row.MessageId,
            Template: JobTemplate.Of(
                rest,
                Encoding.UTF8.GetBytes(args),
                ActiveJobWrapper.Is(jobClass),
                due is null ? now : null,
                runtime.TimeFormat
            ),
            Due: due,
            Token: Guid.TryParse(Text(properties, JobProperties.Token), out var token) ? token : null,
            Queue: Text(properties, JobProperties.Queue),
            Entities: JobProperties.Split(Text(properties, JobProperties.Entities))
        );
    }

    static OutgoingJob Made(
        OutboxMessage row,
        BusRuntime runtime,
        StagedContracts contracts,
        JobLedger? ledger,
        DateTimeOffset? due,
        DateTimeOffset now
    )
    {
        var context = Context(row, now);
        var urn = row.MessageType.Split(';')[0];
        var contract = context.Stored?.Contract ?? contracts.Find(urn) ?? Unknown(row, urn);
        var draft = MessageToJob.Draft(context, contract, now, runtime.TimeFormat);
        (draft.CreatedAt, draft.EnqueuedAt) = (Utc.Of(row.SentTime), due is null ? now : null);
        ledger?.Mark(draft);

        return new OutgoingJob(
            draft.Class,
            row.MessageId,
            draft,
            Due: due,
            Token: context.ScheduledMessageId,
            Queue: contract.Queue,
            Entities: context.Stored?.Entities
        );
    }

    static JobSendContext<SerializedMessageBody> Context(OutboxMessage row, DateTimeOffset now)
    {
        OutboxMessageContext stored = row;
        var context = new JobSendContext<SerializedMessageBody>(new SerializedMessageBody(), CancellationToken.None)
        {
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
        context.Serializer = new StoredBody(new ContentType(row.ContentType), new StringMessageBody(row.Body));

        return context;
    }

    // Of a type that nobody here knows: the class that its name has by convention.
    static JobContract Unknown(OutboxMessage row, string urn) =>
        urn.StartsWith(MessageUrn.Prefix, StringComparison.Ordinal)
            ? JobContract.Unknown(urn)
            : throw new InvalidOperationException(
                $"Message {row.MessageId} names neither a job class nor a message type ('{row.MessageType}'), so nobody could work on its job."
            );

    static string? Text(Dictionary<string, JsonElement> properties, string key) =>
        properties.TryGetValue(key, out var value) ? JobSlice.Text(value) : null;

    // The body that was written when the message was staged.
    sealed class StoredBody(ContentType contentType, MessageBody body) : IMessageSerializer
    {
        public ContentType ContentType => contentType;

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class => body;
    }
}
