using System.Text.Json;

namespace MassTransit.Sidekiq.Dashboard.Tests;

// As much of JSON Schema as the API's document uses.
static class Schema
{
    public static IEnumerable<string> Faults(
        JsonElement value,
        JsonElement schema,
        JsonElement document,
        string path = "$"
    )
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            schema = reference
                .GetString()!
                .Split('/')
                .Skip(1)
                .Aggregate(document, (place, name) => place.GetProperty(name));
        }

        if (!Types(schema).Contains(KindOf(value), StringComparer.Ordinal))
        {
            return [$"{path} is {KindOf(value)}, not {string.Join(" or ", Types(schema))}"];
        }

        return value.ValueKind switch
        {
            JsonValueKind.Object => Members(value, schema, document, path),
            JsonValueKind.Array => value
                .EnumerateArray()
                .SelectMany((item, i) => Faults(item, schema.GetProperty("items"), document, $"{path}[{i}]")),
            JsonValueKind.String => Format(value, schema, path),
            _ => [],
        };
    }

    static IEnumerable<string> Members(JsonElement value, JsonElement schema, JsonElement document, string path)
    {
        var known = schema.GetProperty("properties");
        var required = schema.TryGetProperty("required", out var names)
            ? names.EnumerateArray().Select(name => name.GetString()!)
            : [];
        var missing = required
            .Where(name => !value.TryGetProperty(name, out _))
            .Select(name => $"{path}.{name} is missing");
        var wrong = value
            .EnumerateObject()
            .SelectMany(member =>
                known.TryGetProperty(member.Name, out var inner)
                    ? Faults(member.Value, inner, document, $"{path}.{member.Name}")
                    : [$"{path}.{member.Name} is not described"]
            );
        return missing.Concat(wrong);
    }

    // A time is in UTC.
    static IEnumerable<string> Format(JsonElement value, JsonElement schema, string path) =>
        schema.TryGetProperty("format", out var format)
        && format.GetString() == "date-time"
        && !(value.TryGetDateTime(out var time) && time.Kind == DateTimeKind.Utc)
            ? [$"{path} is not a time in UTC: {value}"]
            : [];

    static IEnumerable<string> Types(JsonElement schema) =>
        schema.GetProperty("type") is { ValueKind: JsonValueKind.Array } several
            ? several.EnumerateArray().Select(type => type.GetString()!).SelectMany(Also)
            : Also(schema.GetProperty("type").GetString()!);

    // An integer is a number.
    static IEnumerable<string> Also(string type) => type == "number" ? [type, "integer"] : [type];

    static string KindOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Number => value.TryGetInt64(out _) ? "integer" : "number",
            var kind => kind.ToString().ToLowerInvariant(),
        };
}
