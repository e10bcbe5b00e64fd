using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace MassTransit.Sidekiq;

// How the API writes and reads JSON, whatever the application has configured for its own. A member that has no value is null and not
// left out, so that an answer always has the same members.
internal static class ApiJson
{
    // The largest integer that a client can hold which keeps numbers as doubles, as JavaScript does.
    public const long MostInteger = (1L << 53) - 1;

    public static JsonSerializerOptions Options { get; } = Create();

    static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            NumberHandling = JsonNumberHandling.Strict,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver().WithAddedModifier(Bound),
        };
        options.MakeReadOnly();
        return options;
    }

    static void Bound(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (
                property is { Get: { } get }
                && (property.PropertyType == typeof(long) || property.PropertyType == typeof(long?))
            )
            {
                property.Get = owner =>
                    get(owner) is long number ? Math.Clamp(number, -MostInteger, MostInteger) : null;
            }
        }
    }
}
