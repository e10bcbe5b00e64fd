using System.Buffers;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using MassTransit.Logging;

namespace MassTransit.Sidekiq;

/// Where MassTransit's messages and Sidekiq's jobs meet: what a message says of itself goes into a job, and comes back.
internal static class JobEnvelope
{
    /// The headers that have a place of their own in the job.
    static readonly HashSet<string> placed = new(StringComparer.OrdinalIgnoreCase)
    {
        DiagnosticHeaders.ActivityId,
        MessageHeaders.ContentType,
        MessageHeaders.Host.Info,
        MessageHeaders.SchedulingTokenId,
        MessageHeaders.MessageId,
        MessageHeaders.MessageType,
        MessageHeaders.TransportMessageId,
    };

    /// The job that a message becomes; its destination still decides on queue and jid.
    public static JobDraft Draft<T>(
        JobSendContext<T> context,
        JobContract contract,
        DateTimeOffset now,
        SidekiqTimeFormat times
    )
        where T : class
    {
        // The body first: while it is made its serializer may still say which types it is of, and add headers.
        var (args, contentType) = Args(context, contract);

        return new JobDraft
        {
            Class = context.JobClass ?? contract.WireClass,
            Wrapped = contract.Wrapped,
            Queue = "",
            Jid = "",
            Args = args,
            Options = contract.Options.With(context.JobOptions),
            CreatedAt = now,
            EnqueuedAt = now,
            TraceParent = context.Headers.Get<string>(DiagnosticHeaders.ActivityId),
            Metadata = Metadata(context, contract, contentType, now),
            CustomKeys = context.JobKeys,
            TimeFormat = times,
        };
    }

    /// The message in a job, as one JSON object.
    /// <exception cref="UnknownJobClassException">No consumer of the endpoint takes this class, and no sender named its type.</exception>
    /// <exception cref="JobArgumentsException">The arguments do not fit the message.</exception>
    public static ReadOnlyMemory<byte> Message(
        SidekiqJob job,
        JobContract? contract,
        SidekiqReceiveEndpointConfiguration endpoint
    )
    {
        if (job.Metadata?.ContentType is { } named && new ContentType(named) is var contentType && !IsBare(contentType))
        {
            return IsJson(contentType) ? Envelope(job) : Decode(job);
        }

        if (contract is not null)
        {
            return contract.ReadArgs(job);
        }

        if (job.Metadata?.ArgumentNames is { Length: > 0 } names && names.Length == job.ArgsCount)
        {
            return PositionalArguments.Read(names, job);
        }

        if (job is { Class: { } jobClass, Metadata.MessageTypes.Length: > 0 } && ActiveJobArguments.IsWrapper(jobClass))
        {
            return ActiveJobArguments.ReadKeywords(job);
        }

        return job.Metadata?.MessageTypes.Length > 0 && job.ArgsCount == 1
            ? job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length)
            : throw new UnknownJobClassException(
                job.Wrapped ?? job.Class,
                endpoint.QueueOrder.Names[0],
                endpoint.Classes.Classes
            );
    }

    /// The same job for another queue, with what its mover has to say; all else is byte for byte what it was.
    public static ReadOnlyMemory<byte> Move(
        SidekiqJob job,
        string queue,
        IEnumerable<KeyValuePair<string, object>> said,
        DateTimeOffset now,
        SidekiqTimeFormat times
    )
    {
        // It was sent to where it failed, and its reader wants to know that.
        var destination = job.Metadata?.DestinationAddress ?? "/" + job.Queue;
        return JobJson.Edit(
            job.Json,
            WithHeaders(job, said, destination).Set("queue", queue).Set("enqueued_at", now, times)
        );
    }

    /// The same job, pushed to its queue now. Another client may have left its due time inside: Ruby would schedule the job
    /// once more by it, when it next fails.
    public static ReadOnlyMemory<byte> Enqueued(
        SidekiqJob job,
        DateTimeOffset now,
        SidekiqTimeFormat times,
        bool givesBackAttempt = false
    )
    {
        var edit = new JobEdit().Remove("at").Set("enqueued_at", now, times);
        if (givesBackAttempt && job.RetryCount is { } count)
        {
            edit.Set("retry_count", (long)count - 1);
        }

        return JobJson.Edit(job.Json, edit);
    }

    static JobEdit WithHeaders(
        SidekiqJob job,
        IEnumerable<KeyValuePair<string, object>> added,
        string? destination = null
    )
    {
        var metadata = job.Metadata?.Copy() ?? new JobMetadata();
        var headers = new Dictionary<string, object?>(metadata.Headers, StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in added)
        {
            headers[key] = value;
        }

        (metadata.Headers, metadata.DestinationAddress) = (headers, destination ?? metadata.DestinationAddress);
        using var text = JobText.Rent();
        metadata.Write(text);
        return new JobEdit().SetRaw(JobFields.Metadata, text.Written);
    }

    static JobMetadata Metadata<T>(
        JobSendContext<T> context,
        JobContract contract,
        ContentType contentType,
        DateTimeOffset now
    )
        where T : class =>
        new()
        {
            MessageId = context.MessageId,
            MessageTypes = context.SupportedMessageTypes,
            ArgumentNames = IsBare(contentType) ? (context.Stored?.Contract ?? contract).ArgumentNames : [],
            ConversationId = context.ConversationId,
            CorrelationId = context.CorrelationId,
            RequestId = context.RequestId,
            InitiatorId = context.InitiatorId,
            SourceAddress = Relative(context.SourceAddress),
            ResponseAddress = Relative(context.ResponseAddress),
            FaultAddress = Relative(context.FaultAddress),
            ExpiresAt = now + (context.Delay ?? TimeSpan.Zero) + context.TimeToLive,
            ContentType = SidekiqMessageSerializer.IsDefault(contentType) ? null : contentType.ToString(),
            SchedulingToken = context.ScheduledMessageId,
            RoutingKey = context.RoutingKey,
            PartitionKey = context.PartitionKey,
            Host = JobHost.Current,
            Headers = Headers(context.Headers),
        };

    /// An address without the host, as everyone who reads the job is on the same Redis, perhaps under another name.
    public static string? Relative(Uri? address) =>
        address switch
        {
            null => null,
            { Scheme: SidekiqHostAddress.Scheme } => "/" + address.Segments[^1] + address.Query,
            _ => address.ToString(),
        };

    /// The address of a job as this host knows it.
    public static string? Absolute(string? address, Uri host) =>
        address is { Length: > 0 } && address[0] == '/' ? string.Concat(host.AbsoluteUri, address.AsSpan(1)) : address;

    static Dictionary<string, object?> Headers(SendHeaders headers)
    {
        var written = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in headers.GetAll())
        {
            if (!placed.Contains(key) && value is not null)
            {
                written[key] = value;
            }
        }

        return written;
    }

    /// The arguments of the job, a complete array, and how what is in them was written.
    public static (ReadOnlyMemory<byte> Args, ContentType ContentType) Args<T>(
        JobSendContext<T> context,
        JobContract contract
    )
        where T : class
    {
        var contentType = context.ContentType;
        if (context.Stored?.Args is { } stored)
        {
            return (stored, contentType);
        }

        var body = context.Body;
        var args = new ArrayBufferWriter<byte>(256);
        if (!IsJson(contentType))
        {
            args.Write("[\""u8);
            args.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(body.GetBytes())));
            args.Write("\"]"u8);
            return (args.WrittenMemory, contentType);
        }

        var json = body is Utf8MessageBody ours ? ours.Json : body.GetBytes();
        if (!IsBare(contentType))
        {
            args.Write("["u8);
            args.Write(json.Span);
            args.Write("]"u8);
            return (args.WrittenMemory, contentType);
        }

        if (
            contract.IsOfType
            && SidekiqMessageSerializer.NamingOf(contentType) is var naming
            && naming != contract.Naming
        )
        {
            json = SidekiqMessageSerializer.Rename(json, contract, naming);
            contentType = contract.ContentType;
        }

        contract.WriteArgs(json.Span, args, context.MessageId, contract.Queue);
        return (args.WrittenMemory, contentType);
    }

    /// A body that is JSON, but has more in it than the message, stands in the job as one object.
    static ReadOnlyMemory<byte> Envelope(SidekiqJob job) =>
        job.ArgsCount == 1
            ? Utf8Text.Repair(job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length))
            : throw new JobArgumentsException(
                $"Job class '{job.Class}' says its body is {job.Metadata!.ContentType}, which stands in a job as one object, but it has "
                    + $"{JobArguments.Count(job.ArgsCount)}."
            );

    /// A body that is no JSON, such as an encrypted one, stands in the job as base64 text.
    static ReadOnlyMemory<byte> Decode(SidekiqJob job)
    {
        var reader = new Utf8JsonReader(job.FirstArg.In(job.Json));
        return reader.Read() && reader.TokenType == JsonTokenType.String && reader.TryGetBytesFromBase64(out var body)
            ? body
            : throw new JobArgumentsException(
                $"Job class '{job.Class}' says its body is {job.Metadata!.ContentType}, which stands in a job as one base64 text, but its arguments are none."
            );
    }

    /// Whether the body is the message and nothing else, and so can take the shape that its contract says.
    public static bool IsBare(ContentType contentType) => SidekiqMessageSerializer.IsBare(contentType);

    public static bool IsJson(ContentType contentType) =>
        contentType.MediaType.EndsWith("json", StringComparison.OrdinalIgnoreCase);
}
