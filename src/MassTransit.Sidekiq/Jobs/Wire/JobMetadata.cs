using System.Text.Json;

namespace MassTransit.Sidekiq;

// What MassTransit needs of a message besides its body: the "mt" object of a job. Absent in a job that another client pushed.
internal sealed class JobMetadata
{
    static readonly Utf8Cache<string[]> typeLists = new(ReadTypes);

    ReadOnlyMemory<byte> unreadHeaders;

    public Guid? MessageId { get; set; }

    // The message's urns, its own first. The array is shared between jobs: never write to it.
    public string[] MessageTypes { get; set; } = [];

    // The names of positional arguments, for a receiver that knows only a base or interface of the message.
    public string[] ArgumentNames { get; set; } = [];

    public Guid? ConversationId { get; set; }

    public Guid? CorrelationId { get; set; }

    public Guid? RequestId { get; set; }

    public Guid? InitiatorId { get; set; }

    public string? SourceAddress { get; set; }

    // Where it was sent, if that is not simply the queue in which it is stored.
    public string? DestinationAddress { get; set; }

    public string? ResponseAddress { get; set; }

    public string? FaultAddress { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    // Null for application/json, which nearly every message is.
    public string? ContentType { get; set; }

    // Cancels a scheduled message.
    public Guid? SchedulingToken { get; set; }

    public string? RoutingKey { get; set; }

    public string? PartitionKey { get; set; }

    // The process that sent it, as JobHost writes it.
    public ReadOnlyMemory<byte> Host { get; set; }

    // Whether the last argument is encrypted.
    public bool IsEncrypted { get; set; }

    // The ledger to notify when the job is done.
    public string? Ledger { get; set; }

    // How often limits have denied it.
    public int Limited { get; set; }

    // Values are strings, booleans, long, double or JSON elements.
    public IReadOnlyDictionary<string, object?> Headers
    {
        get => field ??= ReadHeaders();
        set;
    }

    public JobMetadata Copy() => (JobMetadata)MemberwiseClone();

    public static JobMetadata? Read(ref Utf8JsonReader reader, ReadOnlyMemory<byte> source)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        var metadata = new JobMetadata();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.ValueSpan;
            reader.Read();
            if (!metadata.ReadId(key, ref reader) && !metadata.ReadAddress(key, ref reader))
            {
                metadata.ReadOther(key, ref reader, source);
            }
        }

        return metadata;
    }

    bool ReadId(ReadOnlySpan<byte> key, ref Utf8JsonReader reader)
    {
        switch (key.Length)
        {
            case 2 when key.SequenceEqual("id"u8):
                MessageId = JobReader.Id(ref reader);
                return true;
            case 3 when key.SequenceEqual("req"u8):
                RequestId = JobReader.Id(ref reader);
                return true;
            case 4 when key.SequenceEqual("conv"u8):
                ConversationId = JobReader.Id(ref reader);
                return true;
            case 4 when key.SequenceEqual("corr"u8):
                CorrelationId = JobReader.Id(ref reader);
                return true;
            case 4 when key.SequenceEqual("init"u8):
                InitiatorId = JobReader.Id(ref reader);
                return true;
            case 5 when key.SequenceEqual("token"u8):
                SchedulingToken = JobReader.Id(ref reader);
                return true;
            default:
                return false;
        }
    }

    bool ReadAddress(ReadOnlySpan<byte> key, ref Utf8JsonReader reader)
    {
        switch (key.Length)
        {
            case 3 when key.SequenceEqual("src"u8):
                SourceAddress = JobReader.Name(ref reader);
                return true;
            case 3 when key.SequenceEqual("dst"u8):
                DestinationAddress = JobReader.Name(ref reader);
                return true;
            case 3 when key.SequenceEqual("res"u8):
                ResponseAddress = JobReader.Name(ref reader);
                return true;
            case 5 when key.SequenceEqual("fault"u8):
                FaultAddress = JobReader.Name(ref reader);
                return true;
            default:
                return false;
        }
    }

    void ReadOther(ReadOnlySpan<byte> key, ref Utf8JsonReader reader, ReadOnlyMemory<byte> source)
    {
        if (ReadMark(key, ref reader) || (key.Length == 2 && key[1] == 'k' && ReadKey(key[0], ref reader)))
        {
            return;
        }

        var value = JobReader.Slice(ref reader);
        if (key.SequenceEqual("type"u8))
        {
            MessageTypes = typeLists.Get(value.In(source));
        }
        else if (key.SequenceEqual("args"u8))
        {
            ArgumentNames = typeLists.Get(value.In(source));
        }
        else if (key.SequenceEqual("exp"u8))
        {
            ExpiresAt = JobTime.Read(value.In(source));
        }
        else if (key.SequenceEqual("host"u8))
        {
            Host = source.Slice(value.Start, value.Length);
        }
        else if (key.SequenceEqual("headers"u8))
        {
            unreadHeaders = source.Slice(value.Start, value.Length);
        }
    }

    bool ReadMark(ReadOnlySpan<byte> key, ref Utf8JsonReader reader)
    {
        switch (key.Length)
        {
            case 2 when key.SequenceEqual("ct"u8):
                ContentType = JobReader.Name(ref reader);
                return true;
            case 3 when key.SequenceEqual("enc"u8):
                IsEncrypted = reader.TokenType == JsonTokenType.True;
                reader.Skip();
                return true;
            case 6 when key.SequenceEqual("ledger"u8):
                Ledger = JobReader.Name(ref reader);
                return true;
            case 7 when key.SequenceEqual("limited"u8):
                Limited = Math.Max(0, JobReader.Int(ref reader) ?? 0);
                return true;
            default:
                return false;
        }
    }

    bool ReadKey(byte kind, ref Utf8JsonReader reader)
    {
        switch (kind)
        {
            case (byte)'r':
                RoutingKey = JobReader.Name(ref reader);
                return true;
            case (byte)'p':
                PartitionKey = JobReader.Name(ref reader);
                return true;
            default:
                return false;
        }
    }

    static string[] ReadTypes(ReadOnlySpan<byte> list)
    {
        var types = new List<string>();
        var reader = new Utf8JsonReader(list, JobReader.Options);
        if (reader.Read() && reader.TokenType != JsonTokenType.StartArray)
        {
            return [];
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (JobReader.Name(ref reader) is { Length: > 0 } type)
            {
                types.Add(type);
            }
        }

        return [.. types];
    }

    Dictionary<string, object?> ReadHeaders()
    {
        var headers = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        if (unreadHeaders.IsEmpty || unreadHeaders.Span[0] != '{')
        {
            return headers;
        }

        foreach (var (key, value) in JobJson.Members(unreadHeaders))
        {
            headers[key] = value.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                JsonValueKind.String => JobSlice.Text(value),
                JsonValueKind.Number when value.TryGetInt64(out var number) => number,
                JsonValueKind.Number when double.IsFinite(value.GetDouble()) => value.GetDouble(),
                _ => value,
            };
        }

        return headers;
    }
}
