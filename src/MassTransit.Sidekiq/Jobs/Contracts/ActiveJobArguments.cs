using System.Buffers;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// The one object that ActiveJob's wrapper takes. A message maps to the arguments of the inner job, by keyword or by position, or to
// those of a mail.
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
        var list = document.RootElement.EnumerateArray().ToList();
        return contract.Mail is { } mail
            ? ReadArguments(contract, MailArguments.Read(contract, mail, list), hasKeywords: !contract.IsPositional)
            : ReadArguments(contract, list, list is [.., var last] && IsKeywords(last));
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

    // The properties as a hash with symbols for its keys, of which `mark` tells ActiveJob.
    public static void WriteHash(JobContract contract, ReadOnlySpan<byte> body, JobText text, ReadOnlySpan<byte> mark)
    {
        var reader = new Utf8JsonReader(body, JobReader.Options);
        reader.Read();
        text.Raw("{"u8);
        var names = RailsValues.WriteMembers(ref reader, body, contract.Shape, text, isFirst: true);
        text.Raw(names.Count == 0 ? "\""u8 : ",\""u8);
        text.Raw(mark);
        text.Raw("\":"u8);
        text.Strings(names);
        text.Raw("}"u8);
    }

    public static void WriteList(JobContract contract, ReadOnlySpan<byte> body, JobText text)
    {
        var list = new ArrayBufferWriter<byte>();
        PositionalArguments.Write(contract, body, list);
        var reader = new Utf8JsonReader(list.WrittenSpan, JobReader.Options);
        reader.Read();
        text.Raw("["u8);
        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            text.Raw(index == 0 ? default : ","u8);
            RailsValues.Write(ref reader, list.WrittenSpan, contract.ShapeOf(index), text);
        }

        text.Raw("]"u8);
    }

    static void WriteArguments(JobContract contract, ReadOnlySpan<byte> body, JobText text)
    {
        if (contract.Mail is { } mail)
        {
            MailArguments.Write(contract, mail, body, text);
        }
        else if (contract.IsPositional)
        {
            WriteList(contract, body, text);
        }
        else if (body is [(byte)'{', (byte)'}'])
        {
            text.Raw("[]"u8);
        }
        else
        {
            text.Raw("["u8);
            WriteHash(contract, body, text, "_aj_ruby2_keywords"u8);
            text.Raw("]"u8);
        }
    }

    static byte[] ReadArguments(JobContract contract, List<JsonElement> list, bool hasKeywords)
    {
        using var text = JobText.Rent();
        var keywords = default(JsonElement);
        if (hasKeywords)
        {
            keywords = list[^1];
            list.RemoveAt(list.Count - 1);
        }

        PositionalArguments.Check(contract, hasKeywords ? Math.Max(list.Count, contract.Parameters.Count) : list.Count);
        using (var positional = JobText.Rent())
        {
            RailsValues.Plain(positional, list);
            PositionalArguments.Append(contract, positional.Written, text);
        }

        var isFirst = list.Count == 0;
        foreach (var keyword in hasKeywords ? keywords.EnumerateObject() : default)
        {
            if (!keyword.Name.StartsWith(RailsValues.Mark, StringComparison.Ordinal))
            {
                text.Raw(isFirst ? default : ","u8);
                text.String(keyword.Name);
                text.Raw(":"u8);
                RailsValues.Plain(text, keyword.Value);
                isFirst = false;
            }
        }

        text.Raw("}"u8);
        return text.ToArray();
    }

    public static bool IsKeywords(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
        && (
            value.TryGetProperty("_aj_ruby2_keywords", out _)
            || value.TryGetProperty("_aj_symbol_keys", out _)
            || value.TryGetProperty("_aj_hash_with_indifferent_access", out _)
        );
}
