using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace MassTransit.Sidekiq;

// Escapes what Ruby escapes and no more. .NET's most relaxed encoder still writes an emoji as two \u escapes,
// and Sidekiq's reschedule finds an entry only by the exact string that Ruby would have written.
internal sealed unsafe class RubyJsonEncoder : JavaScriptEncoder
{
    const string Controls =
        "\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000a\u000b\u000c\u000d\u000e\u000f"
        + "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f";

    public static readonly RubyJsonEncoder Instance = new();

    public static readonly SearchValues<char> Escaped = SearchValues.Create("\"\\" + Controls);
    static readonly SearchValues<byte> escapedBytes = SearchValues.Create(Encoding.ASCII.GetBytes("\"\\" + Controls));

    public override int MaxOutputCharactersPerInputCharacter => 6;

    // The escape of a quote, a backslash or a control character, at most six bytes.
    public static int Escape(char character, Span<byte> output)
    {
        output[0] = (byte)'\\';
        var letter = character switch
        {
            '"' or '\\' => character,
            '\b' => 'b',
            '\f' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            _ => '\0',
        };
        if (letter != '\0')
        {
            output[1] = (byte)letter;
            return 2;
        }

        const string hex = "0123456789abcdef";
        "u00"u8.CopyTo(output[1..]);
        output[4] = (byte)hex[character >> 4];
        output[5] = (byte)hex[character & 0xf];
        return 6;
    }

    public override bool WillEncode(int unicodeScalar) => unicodeScalar is < 0x20 or '"' or '\\';

    public override int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var characters = new ReadOnlySpan<char>(text, textLength);
        var escape = characters.IndexOfAny(Escaped);
        var lone = LoneSurrogate(escape < 0 ? characters : characters[..escape]);
        return lone >= 0 ? lone : escape;
    }

    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text)
    {
        var escape = utf8Text.IndexOfAny(escapedBytes);
        var plain = escape < 0 ? utf8Text : utf8Text[..escape];
        return Utf8.IsValid(plain) ? escape : FirstInvalid(plain);
    }

    public override bool TryEncodeUnicodeScalar(
        int unicodeScalar,
        char* buffer,
        int bufferLength,
        out int numberOfCharactersWritten
    )
    {
        var output = new Span<char>(buffer, bufferLength);
        if (!WillEncode(unicodeScalar))
        {
            return new Rune(unicodeScalar).TryEncodeToUtf16(output, out numberOfCharactersWritten);
        }

        Span<byte> escape = stackalloc byte[6];
        var length = Escape((char)unicodeScalar, escape);
        numberOfCharactersWritten = 0;
        if (length > bufferLength)
        {
            return false;
        }

        numberOfCharactersWritten = Encoding.ASCII.GetChars(escape[..length], output);
        return true;
    }

    static int LoneSurrogate(ReadOnlySpan<char> text)
    {
        var start = 0;
        while (text[start..].IndexOfAnyInRange('\ud800', '\udfff') is var index and >= 0)
        {
            start += index;
            if (start + 1 == text.Length || !char.IsSurrogatePair(text[start], text[start + 1]))
            {
                return start;
            }

            start += 2;
        }

        return -1;
    }

    static int FirstInvalid(ReadOnlySpan<byte> text)
    {
        var index = 0;
        while (Rune.DecodeFromUtf8(text[index..], out _, out var length) == OperationStatus.Done)
        {
            index += length;
        }

        return index;
    }
}
