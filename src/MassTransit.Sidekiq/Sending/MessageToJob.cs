using System.Buffers;
using System.Net.Mime;
using System.Text;
using MassTransit.Logging;

namespace MassTransit.Sidekiq;

// Converts a message to a job: its arguments, and MassTransit's metadata under the key `mt`.
internal static class MessageToJob
{
    // The headers that have their own field in the job.
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

    // The job of a message; its destination sets the queue and the jid.
    public static JobDraft Draft<T>(
        JobSendContext<T> context,
        JobContract contract,
        DateTimeOffset now,
        SidekiqTimeFormat times
    )
        where T : class
    {
        // The body first: while writing it, its serializer may still set the message types and add headers.
        var (args, contentType) = Args(context, contract);

        return Draft(context, contract, now, times, args, contentType);
    }

    // The same without the arguments, if they are the body.
    public static JobDraft DraftOfBody<T>(
        JobSendContext<T> context,
        JobContract contract,
        DateTimeOffset now,
        SidekiqTimeFormat times
    )
        where T : class => Draft(context, contract, now, times, default, context.ContentType);

    // Whether the arguments of the job are an array of the unchanged body.
    public static bool IsBody<T>(JobSendContext<T> context, JobContract contract)
        where T : class =>
        contract.Args == SidekiqArgs.Hash
        && JobContentType.IsJson(context.ContentType)
        && context.Stored?.Args is null
        && !IsEncrypted(context, contract);

    // Whether the last argument is encrypted, or is to be.
    public static bool IsEncrypted<T>(JobSendContext<T> context, JobContract contract)
        where T : class =>
        context.Stored is { Args: not null } stored
            ? stored.IsEncrypted
            : (context.Options.Encrypt ?? contract.Options.Encrypt) == true;

    // The arguments as they are stored in the job, from those that Args returns.
    public static ReadOnlyMemory<byte> Sealed<T>(
        JobSendContext<T> context,
        JobContract contract,
        ReadOnlyMemory<byte> args
    )
        where T : class =>
        IsEncrypted(context, contract) && context.Stored?.Args is null
            ? context.Keys.Seal(args, context.SupportedMessageTypes is [var type, ..] ? type : "")
            : args;

    static JobDraft Draft<T>(
        JobSendContext<T> context,
        JobContract contract,
        DateTimeOffset now,
        SidekiqTimeFormat times,
        ReadOnlyMemory<byte> args,
        ContentType contentType
    )
        where T : class
    {
        var options = Options(context, contract, args);
        var life = context.TimeToLive ?? options.ExpiresIn;
        return new JobDraft
        {
            Class = context.JobClass ?? contract.WireClass,
            Wrapped = contract.Wrapped,
            Args = Sealed(context, contract, args),
            Options = life == options.ExpiresIn ? options : options with { ExpiresIn = life },
            CreatedAt = now,
            TraceParent = context.Headers.Get<string>(DiagnosticHeaders.ActivityId),
            Metadata = Metadata(context, contract, contentType, Expiry(now, context.Delay, life)),
            TimeFormat = times,
        };
    }

    // With what the lock of a unique job covers, which only the message tells.
    public static JobOptions Options<T>(
        JobSendContext<T> context,
        JobContract contract,
        ReadOnlyMemory<byte> args = default
    )
        where T : class
    {
        var options = context.Options.Over(contract.Options);
        options = context.Inherited is { } inherited ? options.Over(inherited) : options;
        if (options.Unique is not { IsOn: true, Digest: null } unique)
        {
            return options;
        }

        if (options.Encrypt == true && contract.UniqueBy is null)
        {
            throw new JobEncryptionException(
                $"{contract.Message} is encrypted and unique. {JobContractBuilder.UniqueBySecret}"
            );
        }

        var digest =
            contract is { UniqueBy: { } key } && contract.MessageType.IsInstanceOfType(context.Message)
                ? LockDigest.OfKey(key(context.Message))
                : LockDigest.Of(args.IsEmpty ? Args(context, contract).Args : args, contract.Wrapped);
        return options with { Unique = unique with { Digest = digest } };
    }

    // None for a life that ends after all time, such as TimeSpan.MaxValue.
    static DateTimeOffset? Expiry(DateTimeOffset now, TimeSpan? delay, TimeSpan? life)
    {
        var due = now + (delay ?? TimeSpan.Zero);
        return life < DateTimeOffset.MaxValue - due ? due + life : null;
    }

    static JobMetadata Metadata<T>(
        JobSendContext<T> context,
        JobContract contract,
        ContentType contentType,
        DateTimeOffset? expires
    )
        where T : class =>
        new()
        {
            MessageId = context.MessageId,
            MessageTypes = context.SupportedMessageTypes,
            ArgumentNames = JobContentType.IsBare(contentType)
                ? (context.Stored?.Contract ?? contract).ArgumentNames
                : [],
            ConversationId = context.ConversationId,
            CorrelationId = context.CorrelationId,
            RequestId = context.RequestId,
            InitiatorId = context.InitiatorId,
            SourceAddress = JobAddress.Relative(context.SourceAddress),
            ResponseAddress = JobAddress.Relative(context.ResponseAddress),
            FaultAddress = JobAddress.Relative(context.FaultAddress),
            ExpiresAt = expires,
            ContentType = JobContentType.IsDefault(contentType) ? null : contentType.ToString(),
            SchedulingToken = context.ScheduledMessageId,
            RoutingKey = context.RoutingKey,
            PartitionKey = context.PartitionKey,
            IsEncrypted = IsEncrypted(context, contract),
            Host = JobHost.Current,
            Headers = Headers(context.Headers),
        };

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

    // The arguments of the job, a complete array, and the content type that they were written in.
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
        if (!JobContentType.IsJson(contentType))
        {
            args.Write("[\""u8);
            args.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(body.GetBytes())));
            args.Write("\"]"u8);
            return (args.WrittenMemory, contentType);
        }

        var json = body is JsonMessageBody ours ? ours.Json : body.GetBytes();
        if (!JobContentType.IsBare(contentType))
        {
            args.Write("["u8);
            args.Write(json.Span);
            args.Write("]"u8);
            return (args.WrittenMemory, contentType);
        }

        if (contract.IsOfType && JobContentType.NamingOf(contentType) is var naming && naming != contract.Naming)
        {
            json = SidekiqMessageSerializer.Rename(json, contract, naming);
            contentType = contract.ContentType;
        }

        contract.WriteArgs(json.Span, args, context.MessageId, contract.Queue);
        return (args.WrittenMemory, contentType);
    }
}
