using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MassTransit.Sidekiq;

// Reads the times that Ruby puts into a message: `to_s`, `inspect` and Rails's `iso8601` of a Time, and seconds or
// milliseconds since 1970 as a number. Writes .NET's ISO 8601, which Ruby reads.
internal static class RubyTime
{
    static readonly string[] formats =
    [
        "yyyy-MM-dd HH:mm:ss zzz",
        "yyyy-MM-dd HH:mm:ss.FFFFFFF zzz",
        "yyyy-MM-dd HH:mm:ss 'UTC'",
        "yyyy-MM-dd HH:mm:ss.FFFFFFF 'UTC'",
        "yyyy-MM-dd HH:mm:ss",
        "ddd, dd MMM yyyy HH:mm:ss zzz",
    ];

    static DateTimeOffset? Read(ref Utf8JsonReader reader) =>
        reader.TokenType switch
        {
            JsonTokenType.Number => JobTime.Read(reader.ValueSpan),
            JsonTokenType.String => Read(reader.GetString()!),
            _ => null,
        };

    static DateTimeOffset? Read(string text)
    {
        // Nanoseconds, where .NET has a resolution of 100 ns.
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var digits = point < 0 ? 0 : text.AsSpan(point + 1).IndexOfAnyExceptInRange('0', '9');
        var shortened = digits > 7 ? text.Remove(point + 8, digits - 7) : text;

        return DateTimeOffset.TryParseExact(
            shortened,
            formats,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var time
        )
            ? time
            : null;
    }

    internal sealed class OffsetConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(
            ref Utf8JsonReader reader,
            Type typeToConvert,
            JsonSerializerOptions options
        ) =>
            reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out var iso)
                ? iso
                : RubyTime.Read(ref reader) ?? throw new JsonException();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value);
    }

    internal sealed class DateConverter : JsonConverter<DateTime>
    {
        public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && reader.TryGetDateTime(out var iso)
                ? iso
                : RubyTime.Read(ref reader)?.UtcDateTime ?? throw new JsonException();

        public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value);
    }

    // Ruby's durations are seconds; .NET's string is what we write.
    internal sealed class SpanConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType switch
            {
                JsonTokenType.Number
                    when reader.TryGetDouble(out var seconds) && Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds =>
                    TimeSpan.FromSeconds(seconds),
                JsonTokenType.String
                    when TimeSpan.TryParseExact(
                        reader.GetString(),
                        "c",
                        CultureInfo.InvariantCulture,
                        out var duration
                    ) => duration,
                _ => throw new JsonException(),
            };

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString("c", CultureInfo.InvariantCulture));
    }
}
