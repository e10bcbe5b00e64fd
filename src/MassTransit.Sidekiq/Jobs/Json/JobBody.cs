using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using MassTransit.Serialization;
using MassTransit.Serialization.JsonConverters;

namespace MassTransit.Sidekiq;

// How a message becomes JSON: MassTransit's own converters, written in Ruby's dialect.
internal static class JobBody
{
    static Built? built;

    // Made from MassTransit's current options, so that what users configured there applies here too.
    public static JsonSerializerOptions Create(SidekiqNaming naming)
    {
        var source = SystemTextJsonMessageSerializer.Options;
        var current = built;
        if (current is null || !ReferenceEquals(current.Source, source))
        {
            built = current = new Built(
                source,
                [
                    Create(source, JsonNamingPolicy.CamelCase),
                    Create(source, JsonNamingPolicy.SnakeCaseLower),
                    Create(source, naming: null),
                ]
            );
        }

        return current.Options[(int)naming];
    }

    static JsonSerializerOptions Create(JsonSerializerOptions source, JsonNamingPolicy? naming)
    {
        var options = new JsonSerializerOptions(source)
        {
            Encoder = RubyJsonEncoder.Instance,
            MaxDepth = JobReader.MaxDepth,
            // Forms and environment variables turn numbers into strings in Ruby.
            NumberHandling = source.NumberHandling | JsonNumberHandling.AllowReadingFromString,
            PropertyNamingPolicy = naming,
            WriteIndented = false,
        };
        var decimals = options.Converters.FirstOrDefault(converter => converter is StringDecimalJsonConverter);
        if (decimals is not null)
        {
            options.Converters.Remove(decimals);
        }

        // After the users' own converters: the first that fits is used.
        options.Converters.Add(new DecimalConverter());
        options.Converters.Add(new DoubleConverter());
        options.Converters.Add(new SingleConverter());
        options.Converters.Add(new RubyTime.OffsetConverter());
        options.Converters.Add(new RubyTime.DateConverter());
        options.Converters.Add(new RubyTime.SpanConverter());
        return options;
    }

    sealed record Built(JsonSerializerOptions Source, JsonSerializerOptions[] Options);

    sealed class DoubleConverter : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String ? ReadText(ref reader) : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (!double.IsFinite(value))
            {
                throw NotFinite(value);
            }

            Span<byte> text = stackalloc byte[RubyFloat.MaxLength];
            writer.WriteRawValue(text[..RubyFloat.Format(value, text)], skipInputValidation: true);
        }
    }

    sealed class SingleConverter : JsonConverter<float>
    {
        public override float Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String ? (float)ReadText(ref reader) : reader.GetSingle();

        public override void Write(Utf8JsonWriter writer, float value, JsonSerializerOptions options)
        {
            if (!float.IsFinite(value))
            {
                throw NotFinite(value);
            }

            Span<byte> text = stackalloc byte[RubyFloat.MaxLength];
            writer.WriteRawValue(text[..RubyFloat.Format(value, text)], skipInputValidation: true);
        }
    }

    // A number, where MassTransit writes a string; both are read, since Rails writes a BigDecimal as a string.
    sealed class DecimalConverter : JsonConverter<decimal>
    {
        public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                return decimal.TryParse(
                    reader.GetString(),
                    NumberStyles.Number | NumberStyles.AllowExponent,
                    CultureInfo.InvariantCulture,
                    out var parsed
                )
                    ? parsed
                    : throw new JsonException();
            }

            var value = reader.GetDecimal();

            // The decimal point that we add to a whole number is not part of it: 10 comes back as 10, not as 10.0.
            return value.Scale == 1 && decimal.IsInteger(value) ? decimal.Truncate(value) : value;
        }

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options)
        {
            Span<byte> text = stackalloc byte[RubyFloat.MaxLength];
            writer.WriteRawValue(text[..RubyFloat.Format(value, text)], skipInputValidation: true);
        }
    }

    // Rails writes a BigDecimal as a string, whatever type it is read into here.
    static double ReadText(ref Utf8JsonReader reader) =>
        double.TryParse(reader.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number)
            ? number
            : throw new JsonException();

    static JsonException NotFinite(double value) =>
        new($"{value} is not a number that JSON can hold. Send null or a string instead.");
}
