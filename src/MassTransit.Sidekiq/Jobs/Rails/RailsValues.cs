using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// The values of ActiveJob's arguments, where Ruby types that JSON lacks are marked. The message's JSON has the plain value; a mark is
// written by the property's type, and read whatever it is.
internal static class RailsValues
{
    // Keys that begin so belong to ActiveJob.
    public const string Mark = "_aj_";

    const string GlobalId = "_aj_globalid";
    const string Serialized = "_aj_serialized";

    // The value at the reader's position in `source`.
    // Throws JobArgumentsException: it is not what its type is written from, or has a key that belongs to ActiveJob.
    public static void Write(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, ValueShape shape, JobText text)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray:
                WriteArray(ref reader, source, shape.Item, text);
                break;
            case JsonTokenType.StartObject when shape.Ruby == RubyType.Range:
                Begin(text, RubyType.Range);
                WriteMembers(ref reader, source, shape, text);
                text.Raw("}"u8);
                break;
            case JsonTokenType.StartObject:
                text.Raw("{"u8);
                WriteMembers(ref reader, source, shape, text, isFirst: true);
                text.Raw("}"u8);
                break;
            default:
                WriteScalar(ref reader, source, shape.Ruby, text);
                break;
        }
    }

    // The members of an object whose brace the reader has passed. Returns their names.
    public static List<string> WriteMembers(
        ref Utf8JsonReader reader,
        ReadOnlySpan<byte> source,
        ValueShape shape,
        JobText text,
        bool isFirst = false
    )
    {
        var names = new List<string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = JobReader.PropertyName(ref reader);
            if (name.StartsWith(Mark, StringComparison.Ordinal))
            {
                throw new JobArgumentsException(
                    $"Key '{name}' in the message belongs to ActiveJob: Rails would read the object around it as something else. Rename the key."
                );
            }

            names.Add(name);
            text.Raw(isFirst ? default : ","u8);
            text.String(name);
            text.Raw(":"u8);
            reader.Read();
            Write(ref reader, source, shape.Member(name), text);
            isFirst = false;
        }

        return names;
    }

    // A value as it was before ActiveJob marked it: a symbol's string, a duration's seconds, a record's GlobalID.
    public static void Plain(JobText text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array:
                Plain(text, [.. value.EnumerateArray()]);
                break;
            case JsonValueKind.Object when value.TryGetProperty(GlobalId, out var id):
                Plain(text, id);
                break;
            case JsonValueKind.Object
                when value.TryGetProperty(Serialized, out _) && value.TryGetProperty("value", out var inner):
                Plain(text, inner);
                break;
            case JsonValueKind.Object:
                PlainObject(text, value);
                break;
            default:
                text.Raw(JsonMarshal.GetRawUtf8Value(value));
                break;
        }
    }

    public static void Plain(JobText text, List<JsonElement> values)
    {
        text.Raw("["u8);
        for (var index = 0; index < values.Count; index++)
        {
            text.Raw(index == 0 ? default : ","u8);
            Plain(text, values[index]);
        }

        text.Raw("]"u8);
    }

    static void PlainObject(JobText text, JsonElement value)
    {
        text.Raw("{"u8);
        var isFirst = true;
        foreach (
            var member in value
                .EnumerateObject()
                .Where(member => !member.Name.StartsWith(Mark, StringComparison.Ordinal))
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

    static void WriteArray(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, ValueShape item, JobText text)
    {
        text.Raw("["u8);
        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            text.Raw(index == 0 ? default : ","u8);
            Write(ref reader, source, item, text);
        }

        text.Raw("]"u8);
    }

    static void WriteScalar(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, RubyType type, JobText text)
    {
        var value = JobReader.Slice(ref reader);
        var json = source.Slice(value.Start, value.Length);
        switch (type)
        {
            case RubyType.Plain or RubyType.Range:
            case not RubyType.Plain when reader.TokenType == JsonTokenType.Null:
                text.Raw(json);
                break;
            case RubyType.BigDecimal when reader.TokenType == JsonTokenType.Number:
                Marked(text, type, Encoding.UTF8.GetString(json));
                break;
            case not RubyType.Plain when reader.TokenType != JsonTokenType.String:
                throw new JobArgumentsException(
                    $"A value that is a {type} in Ruby is {reader.TokenType} in the message. Give the property a type that is written as a string, or another RubyType."
                );
            case RubyType.GlobalId:
                WriteGlobalId(text, JobSlice.Text(json)!);
                break;
            case RubyType.Duration:
                WriteDuration(text, JobSlice.Text(json)!);
                break;
            default:
                Marked(text, type, JobSlice.Text(json)!);
                break;
        }
    }

    static void WriteGlobalId(JobText text, string id)
    {
        if (!id.StartsWith("gid://", StringComparison.Ordinal))
        {
            throw new JobArgumentsException(
                "A value that is a GlobalId in Ruby does not begin with 'gid://'. Write it as 'gid://app/Model/id', as to_global_id does."
            );
        }

        text.Raw("{\"_aj_globalid\":"u8);
        text.String(id);
        text.Raw("}"u8);
    }

    // With its parts, from which Ruby computes: an array of pairs, as Rails writes its hash of them.
    static void WriteDuration(JobText text, string value)
    {
        if (!TimeSpan.TryParseExact(value, "c", CultureInfo.InvariantCulture, out var duration))
        {
            throw new JobArgumentsException(
                "A value that is a Duration in Ruby is not written as a TimeSpan is. Give the property the type TimeSpan, or another RubyType."
            );
        }

        Begin(text, RubyType.Duration);
        text.Raw(",\"value\":"u8);
        Seconds(text, duration);
        text.Raw(",\"parts\":[["u8);
        Marked(text, RubyType.Symbol, "seconds");
        text.Raw(","u8);
        Seconds(text, duration);
        text.Raw("]]}"u8);
    }

    static void Seconds(JobText text, TimeSpan duration)
    {
        if (duration.Ticks % TimeSpan.TicksPerSecond == 0)
        {
            text.Number(duration.Ticks / TimeSpan.TicksPerSecond);
        }
        else
        {
            text.Number(duration.TotalSeconds);
        }
    }

    static void Marked(JobText text, RubyType type, string value)
    {
        Begin(text, type);
        text.Raw(",\"value\":"u8);
        text.String(value);
        text.Raw("}"u8);
    }

    static void Begin(JobText text, RubyType type)
    {
        text.Raw("{\"_aj_serialized\":"u8);
        text.String($"ActiveJob::Serializers::{type}Serializer");
    }
}
