using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MassTransit.Sidekiq;

// The JSON of an action as the fields of its form, or what is wrong with it.
internal sealed record ApiBody(IFormCollection? Fields, string? Fault)
{
    // A longer one is refused.
    public const int MostBytes = 4 << 20;

    // No body is an object without members.
    public static ApiBody Parse(ReadOnlyMemory<byte> json, ApiRoute route)
    {
        try
        {
            using var document = JsonDocument.Parse(
                json.IsEmpty ? "{}"u8.ToArray() : json,
                new JsonDocumentOptions { AllowDuplicateProperties = false }
            );
            var body = document.RootElement;
            var fault = Compare(body, route.Body) ?? Read(body, route.Body);
            return fault is null ? new ApiBody(FieldsOf(body, route), null) : new ApiBody(null, fault);
        }
        catch (JsonException broken)
        {
            return new ApiBody(null, $"The body is not JSON: {broken.Message}");
        }
        catch (InvalidOperationException)
        {
            return new ApiBody(
                null,
                "The body has a string that is not text: bytes that are not UTF-8, or half a surrogate pair."
            );
        }
    }

    static string? Compare(JsonElement body, Type type)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            return "The body is JSON, but not an object.";
        }

        // What is ignored has no getter.
        var known = ApiJson.Options.GetTypeInfo(type).Properties.Where(property => property.Get is not null).ToList();
        var takes =
            known.Count == 0
                ? "This takes no members."
                : $"This takes {string.Join(" and ", known.Select(property => $"'{property.Name}'"))}.";
        foreach (var member in body.EnumerateObject())
        {
            if (!known.Exists(property => property.Name == member.Name))
            {
                return $"The body has a member '{Show.Cut(member.Name)}'. {takes}";
            }
        }

        return known.Find(property => property.IsRequired && !body.TryGetProperty(property.Name, out _)) is { } missing
            ? $"The body has no member '{missing.Name}'. {takes}"
            : null;
    }

    static string? Read(JsonElement body, Type type)
    {
        try
        {
            return body.Deserialize(type, ApiJson.Options) is ICheckedBody read ? read.Fault : null;
        }
        catch (JsonException other)
        {
            return $"The member {other.Path} of the body has another type than openapi.json says.";
        }
    }

    static FormCollection FieldsOf(JsonElement body, ApiRoute route)
    {
        var fields = body.EnumerateObject()
            .Where(member => member.Value.ValueKind != JsonValueKind.Null)
            .ToDictionary(member => member.Name, member => Values(member.Value), StringComparer.Ordinal);
        fields["action"] = route.Action;
        return new FormCollection(fields);
    }

    static StringValues Values(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Select(item => item.ToString()).ToArray()
            : value.ToString();
}
