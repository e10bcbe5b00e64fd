using System.Text.Json;

namespace MassTransit.Sidekiq;

// Reads and edits a job's raw JSON. Whatever is not edited keeps its bytes and its order, since the keys of middleware that we
// do not know belong to the job, and Ruby finds an entry only by its exact string.
internal static class JobJson
{
    static string TooDeep => $"it is nested deeper than {JobReader.MaxDepth} levels, which Ruby cannot read.";

    // The job with the edits applied. A key that occurs twice is kept once, at its first position; a new key comes last.
    public static ReadOnlyMemory<byte> Edit(ReadOnlyMemory<byte> json, JobEdit edit)
    {
        var source = json.Span;
        var reader = new Utf8JsonReader(source, JobReader.Options);
        reader.Read();

        using var text = JobText.Rent();
        var copied = (int)reader.BytesConsumed;
        text.Raw(source[..copied]);

        Span<bool> done = stackalloc bool[JobEdit.Most];
        var (isFirst, isAlone) = (true, true);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = (int)reader.TokenStartIndex;
            var change = edit.Find(ref reader);
            reader.Read();
            var value = JobReader.Slice(ref reader);
            var end = value.Start + value.Length;

            if (change < 0 || (!done[change] && !edit.IsRemoved(change)))
            {
                // The bytes in front of a member hold its comma, which goes with the members in front of it when all of them go.
                text.Raw(isAlone && !isFirst ? default : source[copied..key]);
                text.Raw(change < 0 ? source[key..end] : source[key..value.Start]);
                text.Raw(change < 0 ? default : edit.Value(change));
                isAlone = false;
            }

            if (change >= 0)
            {
                done[change] = true;
            }

            isFirst = false;
            copied = end;
        }

        edit.Append(text, done, isAlone);
        text.Raw(source[copied..]);
        return text.ToArray();
    }

    // JSON that a person wrote, on one line: without white space and comments, each value as it was written.
    // Throws InvalidJobException: it is not JSON, or not what Ruby can read.
    public static byte[] Compact(ReadOnlySpan<byte> json)
    {
        using var text = JobText.Rent();
        // It goes into a job, one level down.
        var reader = new Utf8JsonReader(json, JobReader.Options with { MaxDepth = JobReader.MaxDepth - 1 });
        var isBehindValue = false;
        try
        {
            while (reader.Read())
            {
                var isEnd = reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject;
                text.Raw(isBehindValue && !isEnd ? ","u8 : default);
                Token(ref reader, text);
                isBehindValue =
                    reader.TokenType
                        is not (JsonTokenType.StartArray or JsonTokenType.StartObject or JsonTokenType.PropertyName);
            }
        }
        catch (JsonException exception)
        {
            throw new InvalidJobException(Reason(json, exception), exception);
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidJobException("a string holds half of a surrogate pair, which is no character.", exception);
        }

        return text.ToArray();
    }

    // The last value of a top-level key, as Ruby takes it; absent when there is none.
    public static JobSlice Find(ReadOnlyMemory<byte> json, string key)
    {
        var reader = new Utf8JsonReader(json.Span, JobReader.Options);
        reader.Read();
        var found = default(JobSlice);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isMatch = JobReader.IsProperty(ref reader, key);
            reader.Read();
            var value = JobReader.Slice(ref reader);
            if (isMatch)
            {
                found = value;
            }
        }

        return found;
    }

    // The members of an object, in order.
    public static IEnumerable<KeyValuePair<string, JsonElement>> Members(ReadOnlyMemory<byte> json)
    {
        var members = new List<KeyValuePair<string, JsonElement>>();
        var reader = new Utf8JsonReader(json.Span, JobReader.Options);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = JobReader.PropertyName(ref reader);
            reader.Read();
            members.Add(new(key, JsonElement.ParseValue(ref reader)));
        }

        return members;
    }

    // The members of an object by name, of two equal keys the last; empty when it is not an object.
    public static Dictionary<string, JsonElement> Object(ReadOnlyMemory<byte> json)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var (key, value) in Members(json))
        {
            members[key] = value;
        }

        return members;
    }

    // Why an entry is not a job, without quoting it: it may be too sensitive for a log.
    public static string Reason(ReadOnlySpan<byte> json, JsonException exception)
    {
        if (json.IsEmpty)
        {
            return "it is empty.";
        }

        var anyDepth = JobReader.Options with { MaxDepth = int.MaxValue };
        var reader = new Utf8JsonReader(json, isFinalBlock: false, new JsonReaderState(anyDepth));
        try
        {
            while (reader.Read()) { }
        }
        catch (JsonException other) when (IsSamePlace(exception, other))
        {
            return $"it is not JSON from byte {exception.BytePositionInLine + 1} of line {exception.LineNumber + 1} on.";
        }
        catch (JsonException)
        {
            return TooDeep;
        }

        if (exception.BytePositionInLine is null)
        {
            return "it is JSON, but not an object.";
        }

        return reader.CurrentDepth == 0 && reader.TokenType is (JsonTokenType.EndObject or JsonTokenType.EndArray)
            ? TooDeep
            : "it is JSON that ends too early.";
    }

    static void Token(ref Utf8JsonReader reader, JobText text)
    {
        var isName = reader.TokenType == JsonTokenType.PropertyName;
        if (!isName && reader.TokenType != JsonTokenType.String)
        {
            text.Raw(reader.ValueSpan);
            return;
        }

        // Reading it finds escapes that stand for nothing.
        _ = reader.ValueIsEscaped ? reader.GetString() : null;
        text.Raw("\""u8);
        text.Raw(reader.ValueSpan);
        text.Raw(isName ? "\":"u8 : "\""u8);
    }

    static bool IsSamePlace(JsonException left, JsonException right) =>
        left.LineNumber == right.LineNumber && left.BytePositionInLine == right.BytePositionInLine;
}
