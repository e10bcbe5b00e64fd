using System.Text;
using MassTransit.Context;
using MassTransit.Middleware;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

// A message as stored in the outbox. Its job is finished when it is staged, except for the queue, the jid and the time of the
// push, and stored in the row's properties: the drain needs neither the message's type nor its configuration, and a later deploy
// does not change it. The other properties let MassTransit's own outbox send the same job.
internal static class StagedMessage
{
    public const string TokenProperty = JobProperties.Token;

    const string CancelProperty = "Sidekiq-Cancel";

    static SystemTextJsonMessageSerializer Json => SystemTextJsonMessageSerializer.Instance;

    public static OutboxMessage From<T>(SendContext<T> context, DateTime now, BusRuntime runtime)
        where T : class
    {
        var messageId =
            context.MessageId
            ?? throw new MessageException(
                typeof(T),
                "A message without an id cannot be staged: its job id comes from it."
            );

        // The body first: its serializer may still add headers.
        var body = (context as MessageSendContext<T>)?.Body ?? context.Serializer.GetMessageBody(context);
        var properties = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        (context as TransportSendContext<T>)?.WritePropertiesTo(properties);

        return new OutboxMessage
        {
            MessageId = messageId,
            ConversationId = context.ConversationId,
            CorrelationId = context.CorrelationId,
            InitiatorId = context.InitiatorId,
            RequestId = context.RequestId,
            SourceAddress = context.SourceAddress,
            DestinationAddress = context.DestinationAddress,
            ResponseAddress = context.ResponseAddress,
            FaultAddress = context.FaultAddress,
            SentTime = now,
            EnqueueTime = context.Delay is { } delay && delay > TimeSpan.Zero ? now + delay : null,
            ExpirationTime = now + context.TimeToLive,
            ContentType = context.ContentType?.ToString() ?? context.Serialization.DefaultContentType.ToString(),
            MessageType = string.Join(';', context.SupportedMessageTypes),
            Body = IsEncrypted(context, runtime) ? "{}" : body.GetString(),
            Headers = Json.SerializeDictionary(context.Headers.GetAll()),
            Properties = WithJob(Json.SerializeDictionary(properties), JobOf(context, now, runtime)),
        };
    }

    // Cancels a scheduled message. It has no destination: MassTransit's own outbox ignores it.
    public static OutboxMessage Cancellation(Guid token, DateTime now) =>
        new()
        {
            MessageId = NewId.NextGuid(),
            SentTime = now,
            ContentType = "application/json",
            Body = "{}",
            Properties = Json.SerializeDictionary([
                new KeyValuePair<string, object>(CancelProperty, token.ToString("D")),
            ]),
        };

    public static Guid? CancelledToken(OutboxMessage row) =>
        row.DestinationAddress is null && Guid.TryParse(Property(row, CancelProperty), out var token) ? token : null;

    // The token of a scheduled message or of a cancellation; none for a row that cannot be read.
    public static (Guid? Token, bool IsCancellation) TokenOf(OutboxMessage row)
    {
        try
        {
            return CancelledToken(row) is { } cancelled ? (cancelled, true)
                : row.EnqueueTime is not null && Guid.TryParse(ScheduledToken(row), out var token) ? (token, false)
                : (null, false);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // Making its job fails in the same way, and sets it aside.
            return (null, false);
        }
    }

    // MassTransit's own outbox stores it in the header that the scheduler sets.
    public static string? ScheduledToken(OutboxMessageContext row) =>
        Property(row, TokenProperty) ?? row.Headers.Get<string>(MessageHeaders.SchedulingTokenId);

    // The body of an encrypted message is in its arguments alone, which are stored encrypted.
    static bool IsEncrypted<T>(SendContext<T> context, BusRuntime runtime)
        where T : class => context is JobSendContext<T> job && MessageToJob.IsEncrypted(job, runtime.Contracts.Of(job));

    // Null for a message that was made for another transport.
    static byte[]? JobOf<T>(SendContext<T> context, DateTime now, BusRuntime runtime)
        where T : class
    {
        if (context is not JobSendContext<T> job)
        {
            return null;
        }

        var (contract, created) = (runtime.Contracts.Of(job), Utc.Of(now));
        var draft = MessageToJob.IsBody(job, contract)
            ? MessageToJob.DraftOfBody(job, contract, created, runtime.TimeFormat)
            : MessageToJob.Draft(job, contract, created, runtime.TimeFormat);

        return JobWriter.WriteRest(draft, withArgs: false);
    }

    // As JSON, not as a string of it: each quote of the job would take six characters.
    static string? WithJob(string? properties, byte[]? job) =>
        job is null || properties is null
            ? properties
            : string.Concat(
                properties.AsSpan(0, properties.LastIndexOf('}')),
                properties.Contains(':', StringComparison.Ordinal) ? "," : "",
                $"\"{StagedProperties.Job}\":{Encoding.UTF8.GetString(job)}",
                "}"
            );

    static string? Property(OutboxMessageContext row, string key) =>
        row.Properties.TryGetValue(key, out var value) ? value.ToString() : null;
}
