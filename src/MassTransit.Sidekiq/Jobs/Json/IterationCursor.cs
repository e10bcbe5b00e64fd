using System.Text.Json;

namespace MassTransit.Sidekiq;

// The cursor of an iterable job, which Sidekiq keeps as JSON. A string in .NET is a string there, unless it is what JSON writes for a
// number, an array or an object: so a cursor of Ruby stays what it was.
internal static class IterationCursor
{
    // Null for none, and for one that is not JSON, as nobody could go on from it.
    public static string? Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.String => document.RootElement.GetString(),
                _ => document.RootElement.GetRawText(),
            };
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    public static string Write(string cursor) => IsOfRuby(cursor) ? cursor : $"\"{JsonEncodedText.Encode(cursor)}\"";

    static bool IsOfRuby(string cursor)
    {
        try
        {
            using var document = JsonDocument.Parse(cursor);
            return document.RootElement.ValueKind is JsonValueKind.Number or JsonValueKind.Array or JsonValueKind.Object
                && document.RootElement.GetRawText() == cursor;
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException)
        {
            return false;
        }
    }
}
