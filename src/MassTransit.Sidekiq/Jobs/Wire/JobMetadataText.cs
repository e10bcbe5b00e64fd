namespace MassTransit.Sidekiq;

// Writes the "mt" object of a job. Absent values are omitted.
internal static class JobMetadataText
{
    public static void Write(this JobMetadata metadata, JobText text)
    {
        text.Raw("{"u8);
        var start = text.Length;
        Write(text, start, "id"u8, metadata.MessageId);
        if (metadata.MessageTypes.Length > 0)
        {
            Key(text, start, "type"u8);
            text.Strings(metadata.MessageTypes);
        }

        if (metadata.ArgumentNames.Length > 0)
        {
            Key(text, start, "args"u8);
            text.Strings(metadata.ArgumentNames);
        }

        Write(text, start, "conv"u8, metadata.ConversationId);
        Write(text, start, "corr"u8, metadata.CorrelationId);
        Write(text, start, "req"u8, metadata.RequestId);
        Write(text, start, "init"u8, metadata.InitiatorId);
        Write(text, start, "src"u8, metadata.SourceAddress);
        Write(text, start, "dst"u8, metadata.DestinationAddress);
        Write(text, start, "res"u8, metadata.ResponseAddress);
        Write(text, start, "fault"u8, metadata.FaultAddress);
        if (metadata.ExpiresAt is { } expiresAt)
        {
            Key(text, start, "exp"u8);
            text.Time(expiresAt, SidekiqTimeFormat.FloatSeconds);
        }

        Write(text, start, "ct"u8, metadata.ContentType);
        Write(text, start, "enc"u8, metadata.IsEncrypted);
        Write(text, start, "token"u8, metadata.SchedulingToken);
        Write(text, start, "rk"u8, metadata.RoutingKey);
        Write(text, start, "pk"u8, metadata.PartitionKey);
        Write(text, start, "ledger"u8, metadata.Ledger);
        Write(text, start, "limited"u8, metadata.Limited);
        if (!metadata.Host.IsEmpty)
        {
            Key(text, start, "host"u8);
            text.Raw(metadata.Host.Span);
        }

        if (metadata.Headers.Count > 0)
        {
            Key(text, start, "headers"u8);
            WriteHeaders(text, metadata.Headers);
        }

        text.Raw("}"u8);
    }

    static void Write(JobText text, int start, ReadOnlySpan<byte> key, Guid? id)
    {
        if (id is { } value)
        {
            Key(text, start, key);
            text.Text(value);
        }
    }

    static void Write(JobText text, int start, ReadOnlySpan<byte> key, string? value)
    {
        if (value is not null)
        {
            Key(text, start, key);
            text.String(value);
        }
    }

    static void Write(JobText text, int start, ReadOnlySpan<byte> key, bool isSet)
    {
        if (isSet)
        {
            Key(text, start, key);
            text.Bool(value: true);
        }
    }

    static void Write(JobText text, int start, ReadOnlySpan<byte> key, int count)
    {
        if (count > 0)
        {
            Key(text, start, key);
            text.Number(count);
        }
    }

    static void Key(JobText text, int start, ReadOnlySpan<byte> key)
    {
        text.Raw(text.Length == start ? "\""u8 : ",\""u8);
        text.Raw(key);
        text.Raw("\":"u8);
    }

    static void WriteHeaders(JobText text, IReadOnlyDictionary<string, object?> headers)
    {
        var separator = "{"u8;
        foreach (var (key, value) in headers)
        {
            text.Raw(separator);
            text.String(key);
            text.Raw(":"u8);
            text.Value(value);
            separator = ","u8;
        }

        text.Raw("}"u8);
    }
}
