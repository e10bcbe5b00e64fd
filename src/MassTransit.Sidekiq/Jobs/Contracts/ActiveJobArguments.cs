using System.Buffers;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// The one object that ActiveJob's wrapper takes. A message maps to the arguments of the inner job, by keyword or by position.
// Values that ActiveJob marks, such as a time or a record's GlobalID, are read as the plain string or number inside.
internal static class ActiveJobArguments
{
    public static void Write(
        JobContract contract,
        ReadOnlySpan<byte> body,
        IBufferWriter<byte> output,
        Guid? messageId,
        string? queue
    )
    {
        using var text = JobText.Rent();
        text.Raw("[{\"job_class\":"u8);
        text.String(contract.Class);
        text.Raw(",\"job_id\":"u8);
        text.Value(messageId);
        text.Raw(",\"provider_job_id\":null,\"queue_name\":"u8);
        text.Value(queue ?? contract.Queue ?? "default");
        text.Raw(",\"priority\":null,\"arguments\":"u8);
        WriteArguments(contract, body, text);
        text.Raw(",\"executions\":0,\"exception_executions\":{}}]"u8);
        output.Write(text.Written);
    }

    public static ReadOnlyMemory<byte> Read(JobContract contract, SidekiqJob job)
    {
        var argument = job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length);
        var arguments = job.ArgsCount == 1 && argument.Span[0] == '{' ? JobJson.Find(argument, "arguments") : default;
        if (arguments.IsAbsent || argument.Span[arguments.Start] != '[')
        {
            throw new JobArgumentsException(
                $"Job class '{contract.Class}' is not in ActiveJob's form, one object with an array of 'arguments'. "
                    + "Map the class with Args = Hash or Positional."
            );
        }

        using var document = JsonDocument.Parse(
            argument.Slice(arguments.Start, arguments.Length),
            new JsonDocumentOptions { MaxDepth = JobReader.MaxDepth, CommentHandling = JsonCommentHandling.Skip }
        );
        return ReadArguments(contract, document.RootElement);
    }

    // The message in one of our jobs, for a receiver without a contract of its class: we only write keywords.
    public static ReadOnlyMemory<byte> ReadKeywords(SidekiqJob job) =>
        Read(
            new JobContract
            {
                MessageType = typeof(MassTransit.Serialization.SerializedMessageBody),
                Class = job.Wrapped ?? job.Class!,
                Args = SidekiqArgs.ActiveJob,
            },
            job
        );

    static void WriteArguments(JobContract contract, ReadOnlySpan<byte> body, JobText text)
    {
        if (contract.Args != SidekiqArgs.ActiveJobPositional)
        {
            WriteKeywords(text, body);
            return;
        }

        var list = new ArrayBufferWriter<byte>();
        PositionalArguments.Write(contract, body, list);
        text.Raw(list.WrittenSpan);
    }

    static void WriteKeywords(JobText text, ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, JobReader.Options);
        reader.Read();
        var names = new List<string>();
        var end = (int)reader.BytesConsumed;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            names.Add(JobReader.PropertyName(ref reader));
            reader.Read();
            reader.Skip();
            end = (int)reader.BytesConsumed;
        }

        if (names.Count == 0)
        {
            text.Raw("[]"u8);
            return;
        }

        text.Raw("["u8);
        text.Raw(body[..end]);
        text.Raw(",\"_aj_ruby2_keywords\":"u8);
        text.Strings(names);
        text.Raw("}]"u8);
    }

    static byte[] ReadArguments(JobContract contract, JsonElement arguments)
    {
        using var text = JobText.Rent();
        var list = arguments.EnumerateArray().ToList();
        JsonElement? keywords =
            list is [.., { ValueKind: JsonValueKind.Object } last] && IsKeywords(last) ? last : null;
        if (keywords is not null)
        {
            list.RemoveAt(list.Count - 1);
        }

        PositionalArguments.Check(
            contract,
            keywords is null ? list.Count : Math.Max(list.Count, contract.Parameters.Count)
        );
        using (var positional = JobText.Rent())
        {
            Plain(positional, list);
            PositionalArguments.Append(contract, positional.Written, text);
        }

        var isFirst = list.Count == 0;
        foreach (var keyword in keywords?.EnumerateObject() ?? default)
        {
            if (!keyword.Name.StartsWith("_aj_", StringComparison.Ordinal))
            {
                text.Raw(isFirst ? default : ","u8);
                text.String(keyword.Name);
                text.Raw(":"u8);
                Plain(text, keyword.Value);
                isFirst = false;
            }
        }

        text.Raw("}"u8);
        return text.ToArray();
    }

    static bool IsKeywords(JsonElement value) =>
        value.TryGetProperty("_aj_ruby2_keywords", out _)
        || value.TryGetProperty("_aj_symbol_keys", out _)
        || value.TryGetProperty("_aj_hash_with_indifferent_access", out _);

    static void Plain(JobText text, List<JsonElement> values)
    {
        text.Raw("["u8);
        for (var index = 0; index < values.Count; index++)
        {
            text.Raw(index == 0 ? default : ","u8);
            Plain(text, values[index]);
        }

        text.Raw("]"u8);
    }

    static void Plain(JobText text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array:
                Plain(text, [.. value.EnumerateArray()]);
                break;
            case JsonValueKind.Object when value.TryGetProperty("_aj_globalid", out var id):
                Plain(text, id);
                break;
            case JsonValueKind.Object
                when value.TryGetProperty("_aj_serialized", out _) && value.TryGetProperty("value", out var inner):
                Plain(text, inner);
                break;
            case JsonValueKind.Object:
                PlainObject(text, value);
                break;
            default:
                text.Raw(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value));
                break;
        }
    }

    static void PlainObject(JobText text, JsonElement value)
    {
        text.Raw("{"u8);
        var isFirst = true;
        foreach (
            var member in value
                .EnumerateObject()
                .Where(member => !member.Name.StartsWith("_aj_", StringComparison.Ordinal))
        )
        {
            text.Raw(isFirst ? default : ","u8);
            text.String(member.Name);
            text.Raw(":"u8);
            Plain(text, member.Value);
            isFirst = false;
        }

        text.Raw("}"u8);
    }
}
