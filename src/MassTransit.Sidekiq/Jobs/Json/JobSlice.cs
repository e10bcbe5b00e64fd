using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// Where a value is located in its job's JSON, so that it becomes an object only when it is asked for.
[StructLayout(LayoutKind.Auto)]
internal readonly record struct JobSlice(int Start, int Length)
{
    public bool IsAbsent => Length == 0;

    public ReadOnlySpan<byte> In(ReadOnlyMemory<byte> json) => json.Span.Slice(Start, Length);

    // The value as a string, or null when it is not one. Bytes that are not UTF-8, which Ruby accepts, become U+FFFD.
    public static string? Text(ReadOnlySpan<byte> token)
    {
        if (token.Length < 2 || token[0] != '"')
        {
            return null;
        }

        var text = token[1..^1];
        return text.Contains((byte)'\\') ? Unescape(token) : Encoding.UTF8.GetString(text);
    }

    public static string? Text(JsonElement element) => Text(JsonMarshal.GetRawUtf8Value(element));

    static string Unescape(ReadOnlySpan<byte> token)
    {
        try
        {
            var reader = new Utf8JsonReader(token);
            reader.Read();
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Bytes that are not UTF-8, or half of a surrogate pair: shown unchanged, since their meaning is unknown.
            return Encoding.UTF8.GetString(token[1..^1]);
        }
    }
}
