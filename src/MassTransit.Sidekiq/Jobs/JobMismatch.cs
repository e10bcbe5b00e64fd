using System.Text.Json;
using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq;

/// Says in words which part of a message does not fit its type. Values stay out: they may be what no log should hold.
internal static partial class JobMismatch
{
    public static string Describe(
        ReadOnlyMemory<byte> json,
        Type messageType,
        JsonSerializerOptions options,
        JsonException exception
    )
    {
        var message = TypeCache.GetShortName(messageType);
        if (exception.Path is not { } path || Expected(exception) is not { } expected)
        {
            return $"The job does not fit {message}: {exception.Message}";
        }

        return $"The job does not fit {message}: {path} is {Kind(json, path, options)}, but {message} takes {expected} there. "
            + $"Change the sender, or the type in {message}.";
    }

    /// What a JSON value is, with its article.
    public static string Kind(JsonValueKind kind) =>
        kind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            JsonValueKind.String => "a text",
            JsonValueKind.Number => "a number",
            JsonValueKind.True or JsonValueKind.False => "a boolean",
            _ => "null",
        };

    static string Kind(ReadOnlyMemory<byte> json, string path, JsonSerializerOptions options)
    {
        try
        {
            using var document = JsonDocument.Parse(
                json,
                new JsonDocumentOptions { MaxDepth = options.MaxDepth, CommentHandling = JsonCommentHandling.Skip }
            );
            var element = document.RootElement;
            foreach (Match step in PathStep().Matches(path))
            {
                element = step.Groups["index"] is { Success: true } index
                    ? element[int.Parse(index.ValueSpan, provider: null)]
                    : element.GetProperty(step.Groups["name"].Value);
            }

            return Kind(element.ValueKind);
        }
        catch (Exception exception)
            when (exception
                    is JsonException
                        or KeyNotFoundException
                        or InvalidOperationException
                        or IndexOutOfRangeException
            )
        {
            // Names that the path cannot spell; the rest of the sentence still says where to look.
            return "something else";
        }
    }

    static string? Expected(JsonException exception) =>
        ExpectedType().Match(exception.Message) is { Success: true } match ? match.Groups["type"].Value : null;

    [GeneratedRegex(@"\[(?<index>\d+)\]|\['(?<name>[^']*)'\]|\.(?<name>[^.\[]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PathStep();

    [GeneratedRegex(@"could not be converted to (?<type>.+?)\. Path:", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ExpectedType();
}
