using System.Text.Json;

namespace MassTransit.Sidekiq;

// One property of a message as an argument of its job.
internal sealed class JobParameter
{
    readonly JsonValueKind[]? kinds;

    public JobParameter(string name, Type type, bool isOptional)
    {
        Name = name;
        Type = type;
        IsOptional = isOptional;
        Key = JsonEncodedText.Encode(name, RubyJsonEncoder.Instance).EncodedUtf8Bytes.ToArray();
        kinds = Kinds(Nullable.GetUnderlyingType(type) ?? type);
    }

    // As written in JSON.
    public string Name { get; }

    public Type Type { get; }

    // Whether a job may omit it at the end of its arguments.
    public bool IsOptional { get; }

    // What it is in Ruby, where that is configured.
    public RubyType? Ruby { get; init; }

    public bool IsSecret { get; init; }

    // The name in UTF-8, escaped, without quotes.
    public byte[] Key { get; }

    // Whether JSON of this kind may become the property. Only types whose JSON is certain refuse; the serializer decides the rest.
    public bool Takes(JsonValueKind kind) =>
        kind is JsonValueKind.Null
            ? !Type.IsValueType || Nullable.GetUnderlyingType(Type) is not null
            : kinds is null || kinds.Contains(kind);

    static JsonValueKind[]? Kinds(Type type) =>
        Type.GetTypeCode(type) switch
        {
            _ when type.IsEnum => null,
            TypeCode.Boolean => [JsonValueKind.True, JsonValueKind.False],
            TypeCode.String or TypeCode.Char => [JsonValueKind.String],
            // Ruby code sometimes writes numbers as strings, and times as numbers.
            >= TypeCode.SByte and <= TypeCode.DateTime => [JsonValueKind.Number, JsonValueKind.String],
            _ when type == typeof(DateTimeOffset) => [JsonValueKind.Number, JsonValueKind.String],
            _ when type == typeof(Guid) || type == typeof(Uri) => [JsonValueKind.String],
            _ => null,
        };
}
