using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq.Tests.Fuzzing;

/// <summary>
/// Makes odd and broken texts out of valid ones: values and keys exchanged for such as make readers fail, members doubled, left
/// out, nested and moved, and bytes damaged. The same seed makes the same texts.
/// </summary>
sealed class Mutator(int seed)
{
    static readonly byte[][] odd =
    [
        .. new[]
        {
            "\"\\ud800\"",
            "\"\\udc00x\"",
            "\"a\\ud83d b\"",
            "\"\\u0000\"",
            "\"\\\\\"",
            "\"\"",
            "\" \"",
            "\"\\u00e9\"",
            "\"é😀\"",
            "\"7\"",
            "\"-1\"",
            "\"1e300\"",
            "\"NaN\"",
            "\"Infinity\"",
            "\"<script>alert(1)</script>\"",
            "\"" + new string('x', 5000) + "\"",
            "\"Europe\"",
            "\"../../etc/passwd\"",
            "\"Europe/Berlin\"",
            "\"America/St_Johns\"",
            "\"* * * * *\"",
            "\"* * * * * *\"",
            "\"0 0 30 2 *\"",
            "\"*/0 * * * *\"",
            "\"1/2147483647 * * * *\"",
            "\"0-99999999999 * * * *\"",
            "\"0001-01-01T00:00:00Z\"",
            "\"9999-12-31T23:59:59.9999999+14:00\"",
            "\"text/plain; charset=\"",
            "\"application/json; a=b; c\"",
            "\";;;\"",
            "\"queue:\"",
            "\"/?temporary=true\"",
            "\"http://[\"",
            "\"00000000-0000-0000-0000-000000000000\"",
            "0",
            "-0",
            "-1",
            "0.1",
            "1e300",
            "-1e300",
            "1e400",
            "-1e400",
            "1e-400",
            "2147483648",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775809",
            "253402300799",
            "253402300799999",
            "-62135596800",
            new string('9', 400),
            "true",
            "false",
            "null",
            "[]",
            "{}",
            "[[]]",
            "[null]",
            "[1,\"a\"]",
            "[\"\\ud800\",\"\\ud800\"]",
            "{\"\":{}}",
            "{\"\\ud800\":1}",
            "{\"_aj_ruby2_keywords\":7}",
            "{\"_aj_serialized\":\"x\",\"value\":{\"_aj_globalid\":[]}}",
            "NaN",
            "Infinity",
            "/*x*/1",
            new string('[', 40) + new string(']', 40),
            new string('[', 99) + new string(']', 99),
            new string('[', 3000) + new string(']', 3000),
        }.Select(Encoding.UTF8.GetBytes),
        [(byte)'"', 0xff, 0xc3, 0x28, (byte)'"'],
        [(byte)'"', 0xed, 0xa0, 0x80, (byte)'"'],
        [(byte)'"', 0x00, (byte)'"'],
    ];

    readonly Random random = new(seed);

    /// <summary>Whatever comes next to the tests' mind.</summary>
    public Random Random => random;

    /// <summary>The text with one to four changes; now and then none.</summary>
    public byte[] Mutate(byte[] text)
    {
        for (var changes = random.Next(5); changes > 0; changes--)
        {
            text = random.Next(8) == 0 ? Damage(text) : Rewrite(text);
        }

        return text;
    }

    /// <summary>An odd value, as JSON.</summary>
    public byte[] Odd() => odd[random.Next(odd.Length)];

    byte[] Rewrite(byte[] text)
    {
        var tokens = Tokens(text);
        if (tokens.Count == 0)
        {
            return Damage(text);
        }

        var token = tokens[random.Next(tokens.Count)];
        var (before, own, after) = (text[..token.Start], text[token.Start..token.End], text[token.End..]);
        if (token.IsKey)
        {
            return random.Next(3) switch
            {
                // The same key twice, and another key.
                0 => [.. before, .. own, (byte)':', .. Odd(), (byte)',', .. own, .. after],
                1 => [.. before, .. "\"\\ud800\""u8, .. after],
                _ => [.. before, .. own[..^1], .. "x\""u8, .. after],
            };
        }

        var other = tokens[random.Next(tokens.Count)];
        return random.Next(5) switch
        {
            0 => [.. before, (byte)'[', .. own, (byte)']', .. after],
            1 => [.. before, .. "{\"x\":"u8, .. own, (byte)'}', .. after],
            2 => [.. before, .. text[other.Start..other.End], .. after],
            _ => [.. before, .. Odd(), .. after],
        };
    }

    byte[] Damage(byte[] text)
    {
        if (text.Length == 0)
        {
            return Odd();
        }

        var at = random.Next(text.Length);
        switch (random.Next(4))
        {
            case 0:
                return text[..at];
            case 1:
                return [.. text[..at], .. text[(at + 1)..]];
            case 2:
                return [.. text[..at], (byte)random.Next(256), .. text[at..]];
            default:
                var changed = text.ToArray();
                changed[at] = (byte)random.Next(256);
                return changed;
        }
    }

    static List<(int Start, int End, bool IsKey)> Tokens(byte[] text)
    {
        var tokens = new List<(int, int, bool)>();
        var open = new Stack<int>();
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = 5000 });
        try
        {
            while (reader.Read())
            {
                var (start, end) = ((int)reader.TokenStartIndex, (int)reader.BytesConsumed);
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        open.Push(start);
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        tokens.Add((open.Pop(), end, false));
                        break;
                    case JsonTokenType.PropertyName:
                        // What was consumed holds the colon.
                        tokens.Add((start, text.AsSpan(0, end).LastIndexOf((byte)'"') + 1, true));
                        break;
                    default:
                        tokens.Add((start, end, false));
                        break;
                }
            }
        }
        catch (JsonException)
        {
            // As far as it is one.
        }

        return tokens;
    }
}
