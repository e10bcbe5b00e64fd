using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// Shared by every reader of a job: Ruby's limits, and values of tokens.
internal static class JobReader
{
    // Ruby's own limit; a deeper job would break every page of the Web UI that lists it.
    public const int MaxDepth = 100;

    public static readonly JsonReaderOptions Options = new()
    {
        MaxDepth = MaxDepth,
        CommentHandling = JsonCommentHandling.Skip,
    };

    static readonly Utf8Cache<string> names = new(static utf8 => Encoding.UTF8.GetString(utf8));

    // The value at the reader's position, skipped, as written in the job.
    public static JobSlice Slice(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new JobSlice(start, (int)reader.BytesConsumed - start);
    }

    // A string that recurs in many jobs; null when the value is not a string.
    public static string? Name(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return null;
        }

        return reader.ValueIsEscaped ? Text(ref reader) : names.Get(reader.ValueSpan);
    }

    // The name of a property; one that cannot be unescaped matches no known key.
    public static string PropertyName(ref Utf8JsonReader reader) =>
        reader.ValueIsEscaped ? Text(ref reader) : Encoding.UTF8.GetString(reader.ValueSpan);

    public static bool IsProperty(ref Utf8JsonReader reader, string name) =>
        reader.ValueIsEscaped
            ? string.Equals(PropertyName(ref reader), name, StringComparison.Ordinal)
            : reader.ValueTextEquals(name);

    public static Guid? Id(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.ValueIsEscaped
                ? Guid.TryParse(Text(ref reader), out var unescaped)
                    ? unescaped
                    : null
                : reader.TryGetGuid(out var id)
                    ? id
                    : null;
        }

        reader.Skip();
        return null;
    }

    public static int? Int(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number))
        {
            return number;
        }

        reader.Skip();
        return null;
    }

    static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Encoding.UTF8.GetString(reader.ValueSpan);
        }
    }
}
