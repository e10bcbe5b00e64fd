using System.Security.Cryptography;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// The last part of a lock's name: SHA-256 of the arguments as compact JSON with sorted keys, which another client computes alike.
internal static class LockDigest
{
    // An ActiveJob's wrapper is the class of many jobs, and the id inside is different for each: its class and arguments count.
    public static string Of(ReadOnlyMemory<byte> args, string? wrapped)
    {
        if (wrapped is null || args.Length < 2 || args.Span[1] != '{')
        {
            return OfJson(args);
        }

        var inner = args[1..^1];
        var arguments = JobJson.Find(inner, "arguments");
        using var text = JobText.Rent();
        text.Raw("["u8);
        text.String(wrapped);
        text.Raw(","u8);
        text.Raw(arguments.IsAbsent ? inner.Span : arguments.In(inner));
        text.Raw("]"u8);
        return OfJson(text.ToArray());
    }

    public static string OfKey(object? key) =>
        OfJson(JsonSerializer.SerializeToUtf8Bytes<object?[]>([key], JsonSerializerOptions.Web));

    static string OfJson(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
        {
            return OfJson("[]"u8.ToArray());
        }

        using var text = JobText.Rent();
        using var document = JsonDocument.Parse(json);
        Write(text, document.RootElement);
        return Convert.ToHexStringLower(SHA256.HashData(text.Written));
    }

    static void Write(JobText text, JsonElement value)
    {
        var isFirst = true;
        void Separate()
        {
            text.Raw(isFirst ? ""u8 : ","u8);
            isFirst = false;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                text.Raw("{"u8);
                foreach (var member in value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    Separate();
                    text.String(member.Name);
                    text.Raw(":"u8);
                    Write(text, member.Value);
                }

                text.Raw("}"u8);
                break;
            case JsonValueKind.Array:
                text.Raw("["u8);
                foreach (var item in value.EnumerateArray())
                {
                    Separate();
                    Write(text, item);
                }

                text.Raw("]"u8);
                break;
            case JsonValueKind.String:
                text.String(value.GetString()!);
                break;
            default:
                text.Raw(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value));
                break;
        }
    }
}
