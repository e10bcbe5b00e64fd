using System.IO.Compression;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// The lines of a job's `error_backtrace`: a list of text, or, since Sidekiq 6.0, that list as compressed JSON in base64.
internal static class Backtrace
{
    // What a small text may unfold to.
    const int MostBytes = 1 << 20;

    public static IReadOnlyList<string> Of(SidekiqJob job)
    {
        if (!job.TryGet("error_backtrace", out var stored))
        {
            return [];
        }

        try
        {
            return stored.ValueKind switch
            {
                JsonValueKind.Array => Lines(stored),
                JsonValueKind.String => Unfold(stored.GetBytesFromBase64()),
                _ => [],
            };
        }
        catch (Exception unreadable)
            when (unreadable is FormatException or InvalidDataException or JsonException or InvalidOperationException)
        {
            return ["The backtrace cannot be read; it stands in the raw job below."];
        }
    }

    static IReadOnlyList<string> Unfold(byte[] compressed)
    {
        using var source = new ZLibStream(new MemoryStream(compressed), CompressionMode.Decompress);
        using var text = new MemoryStream();
        var buffer = new byte[8192];
        for (int read; (read = source.Read(buffer)) > 0; )
        {
            text.Write(buffer, 0, read);
            if (text.Length > MostBytes)
            {
                return [$"The backtrace is longer than {MostBytes / 1024} KB."];
            }
        }

        using var json = JsonDocument.Parse(text.ToArray());
        return Lines(json.RootElement);
    }

    static IReadOnlyList<string> Lines(JsonElement list) =>
        list.ValueKind == JsonValueKind.Array
            ?
            [
                .. list.EnumerateArray()
                    .Select(line => line.ValueKind == JsonValueKind.String ? line.GetString()! : line.GetRawText()),
            ]
            : [];
}
