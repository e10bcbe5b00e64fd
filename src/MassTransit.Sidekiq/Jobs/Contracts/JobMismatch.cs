using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq;

// Describes which part of a message does not fit its type. Values are left out: they may be too sensitive for a log.
internal static partial class JobMismatch
{
    // How the serializer's message begins when a value is of the wrong JSON kind.
    const string WrongKind = "The JSON value could not be converted";

    public static string Describe(
        ReadOnlyMemory<byte> json,
        Type messageType,
        JsonSerializerOptions options,
        JsonException exception
    )
    {
        var message = TypeName.Of(messageType);
        var steps = Steps(exception.Path ?? "");
        if (
            !exception.Message.StartsWith(WrongKind, StringComparison.Ordinal)
            || exception.Path is not { } path
            || Expected(messageType, steps, options) is not { } expected
        )
        {
            // For instance a missing required property: the serializer's message is clear and holds no values.
            return $"The job does not fit {message}: {exception.Message}";
        }

        return $"The job does not fit {message}: {path} is {Kind(json, steps, options)}, but {message} takes {TypeName.Of(expected)} there. "
            + $"Change the sender, or the type in {message}.";
    }

    // The kind of a JSON value, with its article.
    public static string Kind(JsonValueKind kind) =>
        kind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a string",
            JsonValueKind.Number => "a number",
            JsonValueKind.True or JsonValueKind.False => "a boolean",
            _ => "null",
        };

    static string Kind(ReadOnlyMemory<byte> json, Step[] steps, JsonSerializerOptions options)
    {
        using var document = JsonDocument.Parse(
            json,
            new JsonDocumentOptions { MaxDepth = options.MaxDepth, CommentHandling = JsonCommentHandling.Skip }
        );
        var element = document.RootElement;
        foreach (var step in steps)
        {
            if (
                step.Name is not null
                && element.ValueKind == JsonValueKind.Object
                && element.TryGetProperty(step.Name, out var member)
            )
            {
                element = member;
            }
            else if (
                step.Name is null
                && element.ValueKind == JsonValueKind.Array
                && step.Index < element.GetArrayLength()
            )
            {
                element = element[step.Index];
            }
            else
            {
                return "something else";
            }
        }

        return Kind(element.ValueKind);
    }

    // The type at the end of a path. The serializer's own message names the enclosing type where that has a constructor.
    static Type? Expected(Type type, Step[] steps, JsonSerializerOptions options)
    {
        var current = type;
        foreach (var step in steps)
        {
            current = current is null ? null : Member(current, step.Name, options) ?? Element(current);
        }

        return current;
    }

    static Type? Member(Type type, string? name, JsonSerializerOptions options) =>
        name is null
            ? null
            : type.GetInterfaces()
                .Prepend(type)
                .SelectMany(owner => owner.GetProperties())
                .FirstOrDefault(property =>
                    JobParameters
                        .NameOf(property, options.PropertyNamingPolicy)
                        .Equals(name, StringComparison.OrdinalIgnoreCase)
                )
                ?.PropertyType;

    static Type? Element(Type type) =>
        type.GetElementType()
        ?? type.GetInterfaces()
            .Prepend(type)
            .FirstOrDefault(candidate =>
                candidate.IsGenericType && candidate.GetGenericTypeDefinition() == typeof(IEnumerable<>)
            )
            ?.GetGenericArguments()[0] switch
        {
            { IsGenericType: true } pair when pair.GetGenericTypeDefinition() == typeof(KeyValuePair<,>) =>
                pair.GetGenericArguments()[1],
            var element => element,
        };

    static Step[] Steps(string path) =>
        [
            .. PathStep()
                .Matches(path)
                .Select(match =>
                    match.Groups["index"] is { Success: true } index
                        ? new Step(null, int.Parse(index.ValueSpan, CultureInfo.InvariantCulture))
                        : new Step(match.Groups["name"].Value, 0)
                ),
        ];

    [GeneratedRegex(@"\[(?<index>\d+)\]|\['(?<name>.*?)'\]|\.(?<name>[^.\[]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PathStep();

    sealed record Step(string? Name, int Index);
}
