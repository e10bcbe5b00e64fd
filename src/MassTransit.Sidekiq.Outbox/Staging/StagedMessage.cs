using System.Net.Mime;
using System.Text;
using MassTransit.Context;
using MassTransit.Middleware;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

/// What a row becomes: a job that lacks only queue and jid, when it is due if that is later, the queue that publishing it
/// reaches besides its subscribers, and the entities whose subscribers get it.
internal readonly record struct StagedJob(
    JobDraft Draft,
    DateTimeOffset? Due,
    string? Queue,
    string[]? Entities,
    Guid? Token,
    bool IsOfUnknownType
);

/// A message as it stands in the outbox. Everything that makes its job (class, options, arguments that are not simply the
/// body, who else gets it) is fixed when it is staged and kept in the row's properties: whoever drains it needs neither
/// the message's type nor its configuration, and a later deploy does not change it.
internal static class StagedMessage
{
    const string WrappedProperty = "Sidekiq-Wrapped";
    const string ArgsProperty = "Sidekiq-Args";
    const string QueueProperty = "Sidekiq-Queue";
    const string EntitiesProperty = "Sidekiq-Entities";
    const string TokenProperty = "Sidekiq-Token";
    const string CancelProperty = "Sidekiq-Cancel";

    static SystemTextJsonMessageSerializer Json => SystemTextJsonMessageSerializer.Instance;

    public static OutboxMessage From<T>(SendContext<T> context, DateTime now, SidekiqHostConfiguration host)
        where T : class
    {
        var messageId =
            context.MessageId
            ?? throw new MessageException(
                typeof(T),
                "A message without an id cannot be staged: its job id comes from it."
            );

        // The body first: while it is written a serializer may still add headers.
        var body = (context as MessageSendContext<T>)?.Body ?? context.Serializer.GetMessageBody(context);
        var properties = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        if (context is JobSendContext<T> job)
        {
            WriteJob(job, host, now, properties);
        }
        else if (context is TransportSendContext<T> transport)
        {
            transport.WritePropertiesTo(properties);
        }

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
            Body = body.GetString(),
            Headers = Json.SerializeDictionary(context.Headers.GetAll()),
            Properties = Json.SerializeDictionary(properties),
        };
    }

    /// Takes a scheduled message back. It has no destination: MassTransit's own outbox passes over it.
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
        row.DestinationAddress is null && Guid.TryParse(Text(row, CancelProperty), out var token) ? token : null;

    /// What a scheduled message is cancelled by, or a cancellation cancels; none of a row that cannot be read.
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
            // Whoever makes its job meets the same, and sets it aside.
            return (null, false);
        }
    }

    /// The job that a row stands for; its destination still gives it queue and jid. What we staged says all of it; a row of
    /// MassTransit's own outbox has the message only, and its job is the one of the contract as it is now.
    public static StagedJob ToJob(
        OutboxMessage row,
        SidekiqHostConfiguration host,
        StagedContracts contracts,
        DateTimeOffset now
    )
    {
        var stored = (OutboxMessageContext)row;
        var context = Context(row, stored, now);
        var contract = context.JobClass is null ? contracts.Find(row.MessageType.Split(';')[0]) : null;
        var isOfUnknownType = context.JobClass is null && contract is null;
        contract ??= new JobContract
        {
            MessageType = typeof(SerializedMessageBody),
            Class = context.JobClass ?? ClassOf(row),
        };
        var draft = JobEnvelope.Draft(context, contract, now, host.Settings.TimeFormat);
        draft.CreatedAt = Utc(row.SentTime);
        draft.Wrapped = Text(stored, WrappedProperty) ?? draft.Wrapped;
        if (Text(stored, ArgsProperty) is { } args)
        {
            draft.Args = Encoding.UTF8.GetBytes(args);
        }

        var due = row.EnqueueTime is { } time && Utc(time) > now ? Utc(time) : (DateTimeOffset?)null;
        draft.EnqueuedAt = due is null ? now : null;

        return new StagedJob(
            draft,
            due,
            Text(stored, QueueProperty) ?? contract.Queue,
            Text(stored, EntitiesProperty)?.Split(' '),
            context.ScheduledMessageId,
            isOfUnknownType
        );
    }

    /// SQLite and MySQL give times back without saying that they are UTC.
    public static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    static JobSendContext<SerializedMessageBody> Context(
        OutboxMessage row,
        OutboxMessageContext stored,
        DateTimeOffset now
    )
    {
        var token = ScheduledToken(stored);
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
            TimeToLive = row.ExpirationTime is { } end ? Utc(end) - now : null,
            ScheduledMessageId = Guid.TryParse(token, out var id) ? id : null,
        };

        foreach (var (key, value) in stored.Headers.GetAll())
        {
            context.Headers.Set(key, value);
        }

        context.ReadPropertiesFrom(stored.Properties);
        context.Serializer = new StoredBody(new ContentType(row.ContentType), new StringMessageBody(row.Body));

        return context;
    }

    static void WriteJob<T>(
        JobSendContext<T> job,
        SidekiqHostConfiguration host,
        DateTime now,
        Dictionary<string, object> properties
    )
        where T : class
    {
        var contract = host.Contracts.Of(job);
        FixOptions(job, contract);
        job.WritePropertiesTo(properties);
        Set(properties, WrappedProperty, contract.Wrapped);
        Set(properties, QueueProperty, contract.Queue);
        Set(properties, TokenProperty, job.ScheduledMessageId?.ToString("D"));

        if (contract.Args != SidekiqArgs.Hash || !IsJson(job.ContentType))
        {
            var draft = JobEnvelope.Draft(job, contract, Utc(now), host.Settings.TimeFormat);
            properties[ArgsProperty] = Encoding.UTF8.GetString(draft.Args.Span);
        }

        if (
            job.DestinationAddress is { } address
            && SidekiqEndpointAddress.Parse(host.HostAddress, address) is { IsTopic: true } topic
            && host.Entities.Find(topic.Name) is { Length: > 1 } entities
        )
        {
            properties[EntitiesProperty] = string.Join(' ', entities);
        }
    }

    static void FixOptions<T>(JobSendContext<T> job, JobContract contract)
        where T : class
    {
        job.JobClass ??= contract.WireClass;
        var options = contract.Options.With(job.JobOptions);
        if (ReferenceEquals(options, JobOptions.None))
        {
            return;
        }

        (job.Retry, job.Tags, job.Backtrace) = (options.Retry, options.Tags, options.Backtrace);
        (job.Dead, job.RetryFor, job.RetryQueue) = (options.Dead, options.RetryFor, options.RetryQueue);
        foreach (var (key, value) in options.Other ?? new Dictionary<string, object?>(StringComparer.Ordinal))
        {
            if (job.JobKeys is null || !job.JobKeys.Keys.Contains(key, StringComparer.Ordinal))
            {
                job.SetJobKey(key, value);
            }
        }
    }

    /// Staged by MassTransit's own outbox, of a type that nobody here knows: `urn:message:Shop.Contracts:SubmitOrder` is
    /// Shop::Contracts::SubmitOrder, as it would be by convention.
    static string ClassOf(OutboxMessage row)
    {
        const string prefix = "urn:message:";
        var urn = row.MessageType.Split(';')[0];
        return urn.StartsWith(prefix, StringComparison.Ordinal)
            ? urn[prefix.Length..]
                .Replace(":", "::", StringComparison.Ordinal)
                .Replace(".", "::", StringComparison.Ordinal)
            : throw new InvalidOperationException(
                $"Message {row.MessageId} names neither a job class nor a message type ('{row.MessageType}'), so nobody could work on its job."
            );
    }

    /// MassTransit's own outbox keeps it in the header that the scheduler sets.
    static string? ScheduledToken(OutboxMessageContext row) =>
        Text(row, TokenProperty) ?? row.Headers.Get<string>(MessageHeaders.SchedulingTokenId);

    static void Set(Dictionary<string, object> properties, string key, string? value)
    {
        if (value is not null)
        {
            properties[key] = value;
        }
    }

    static string? Text(OutboxMessageContext row, string key) =>
        row.Properties.TryGetValue(key, out var value) ? value.ToString() : null;

    static bool IsJson(ContentType? contentType) =>
        contentType?.MediaType.EndsWith("json", StringComparison.OrdinalIgnoreCase) == true;

    /// The body that was written when the message was staged.
    sealed class StoredBody(ContentType contentType, MessageBody body) : IMessageSerializer
    {
        public ContentType ContentType => contentType;

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class => body;
    }
}
