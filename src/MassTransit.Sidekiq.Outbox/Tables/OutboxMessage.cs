using MassTransit.Middleware;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

/// <summary>
/// One message to send once its transaction has committed. Same table as in MassTransit.EntityFrameworkCore 8.5.
/// </summary>
public class OutboxMessage : OutboxMessageContext
{
    static readonly Dictionary<string, object> none = new(StringComparer.OrdinalIgnoreCase);

    Headers? headers;
    IReadOnlyDictionary<string, object>? properties;

    /// <summary>The order in which the messages of a transaction are sent.</summary>
    public virtual long SequenceNumber { get; set; }

    /// <summary>When it is due, for a scheduled message; absolute, so that a late drain does not delay it further.</summary>
    public virtual DateTime? EnqueueTime { get; set; }

    /// <summary>When it was staged.</summary>
    public virtual DateTime SentTime { get; set; }

    /// <summary>The message's headers, as a JSON object.</summary>
    public virtual string? Headers { get; set; }

    /// <summary>What else the transport needs, as a JSON object: job class, options, arguments.</summary>
    public virtual string? Properties { get; set; }

    /// <summary>The message whose consumer staged it; written only by MassTransit's own outbox.</summary>
    public virtual Guid? InboxMessageId { get; set; }

    /// <summary>The consumer that staged it; written only by MassTransit's own outbox.</summary>
    public virtual Guid? InboxConsumerId { get; set; }

    /// <summary>Its transaction.</summary>
    public virtual Guid? OutboxId { get; set; }

    /// <summary>The message's id; the jid of its job is a hash of it.</summary>
    public virtual Guid MessageId { get; set; }

    /// <summary>How the body was written.</summary>
    public virtual string ContentType { get; set; } = "";

    /// <summary>The message's urns, its own first, separated by semicolons.</summary>
    public virtual string MessageType { get; set; } = "";

    /// <summary>The message.</summary>
    public virtual string Body { get; set; } = "";

    /// <summary>The conversation it belongs to.</summary>
    public virtual Guid? ConversationId { get; set; }

    /// <summary>The subject it belongs to.</summary>
    public virtual Guid? CorrelationId { get; set; }

    /// <summary>The message that caused it.</summary>
    public virtual Guid? InitiatorId { get; set; }

    /// <summary>The request that it is, or responds to.</summary>
    public virtual Guid? RequestId { get; set; }

    /// <summary>The sender's address.</summary>
    public virtual Uri? SourceAddress { get; set; }

    /// <summary>The queue or topic it goes to.</summary>
    public virtual Uri? DestinationAddress { get; set; }

    /// <summary>Where responses go.</summary>
    public virtual Uri? ResponseAddress { get; set; }

    /// <summary>Where faults go.</summary>
    public virtual Uri? FaultAddress { get; set; }

    /// <summary>When it expires.</summary>
    public virtual DateTime? ExpirationTime { get; set; }

    Guid? MessageContext.MessageId => MessageId;

    DateTime? MessageContext.SentTime => SentTime;

    HostInfo MessageContext.Host => Metadata.HostMetadataCache.Host;

    Headers MessageContext.Headers => headers ??= ReadHeaders();

    IReadOnlyDictionary<string, object> OutboxMessageContext.Properties => properties ??= ReadProperties();

    Headers ReadHeaders() =>
        SystemTextJsonMessageSerializer.Instance.DeserializeDictionary<object?>(Headers) is { } written
            ? new DictionarySendHeaders(written)
            : EmptyHeaders.Instance;

    Dictionary<string, object> ReadProperties() =>
        SystemTextJsonMessageSerializer.Instance.DeserializeDictionary<object>(Properties) ?? none;
}
