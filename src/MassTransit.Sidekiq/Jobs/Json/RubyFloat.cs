using System.Buffers.Text;
using System.Globalization;

namespace MassTransit.Sidekiq;

// Numbers as Ruby's JSON writes them, since its API finds an entry by generating its string again: the shortest digits that
// round-trip, with a decimal point. Ruby's json up to 2.9 writes floats from 1e15 on as 1.0e+15 and those below 1e-4 as 1.0e-05,
// newer ones differ. Whole numbers from 1e15 on are written as integers, which all versions write alike (and such a float divides
// like an Integer). Small numbers have no common form: they are written as up to 2.9.
internal static class RubyFloat
{
    // Of double.MaxValue in full, with its sign.
    public const int MaxLength = 320;

    // From here on Ruby writes an exponent; .NET does so two digits later.
    const double FirstExponent = 1e15;

    // Well below decimal.MaxValue, whose float is larger than itself.
    const double LargestDecimal = 7e28;

    public static int Format(double value, Span<byte> output)
    {
        if (Math.Abs(value) >= FirstExponent && double.IsInteger(value))
        {
            return WriteInteger(value, output);
        }

        value.TryFormat(output, out var length, default, CultureInfo.InvariantCulture);
        var exponent = output[..length].IndexOf((byte)'E');
        if (exponent < 0)
        {
            return Math.Abs(value) >= FirstExponent
                ? WriteExponent(output, length)
                : WritePoint(output, length, length);
        }

        output[exponent] = (byte)'e';
        return WritePoint(output, exponent, length);
    }

    // As the double with the same shortest digits: 0.1f is 0.1, not 0.10000000149011612.
    public static int Format(float value, Span<byte> output) =>
        Format(double.Parse(value.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), output);

    // With a decimal point even without a fraction (below 1e15), or Ruby would read an Integer and use integer division. Like the
    // float that Ruby reads, 1.50 is 1.5, because Ruby's API finds an entry by generating its string again; a value with more
    // than the 15 digits that every float keeps is written in full.
    public static int Format(decimal value, Span<byte> output)
    {
        if (Math.Abs(value) >= 1e15m && decimal.IsInteger(value))
        {
            decimal.Truncate(value).TryFormat(output, out var digits, default, CultureInfo.InvariantCulture);
            return digits;
        }

        value.TryFormat(output, out var length, default, CultureInfo.InvariantCulture);

        return
            Utf8Parser.TryParse(output[..length], out double number, out _)
            && Math.Abs(number) < LargestDecimal
            && (decimal)number == value
            ? Format(number, output)
            : WritePoint(output, length, length);
    }

    // Appends ".0" to digits without a decimal point.
    static int WritePoint(Span<byte> output, int digits, int length)
    {
        if (output[..digits].Contains((byte)'.'))
        {
            return length;
        }

        output[digits..length].CopyTo(output[(digits + 2)..]);
        ".0"u8.CopyTo(output[digits..]);
        return length + 2;
    }

    // The shortest digits, padded with zeros up to the decimal point: 1.2E+16 is 12 and fifteen zeros.
    static int WriteInteger(double value, Span<byte> output)
    {
        Span<byte> text = stackalloc byte[32];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        var end = text[..length].IndexOf((byte)'E');
        if (end < 0)
        {
            text[..length].CopyTo(output);
            return length;
        }

        var point = text[..end].IndexOf((byte)'.');
        var written = point < 0 ? end : end - 1;
        text[..(point < 0 ? end : point)].CopyTo(output);
        if (point >= 0)
        {
            text[(point + 1)..end].CopyTo(output[point..]);
        }

        var exponent = int.Parse(text[(end + 2)..length], NumberStyles.None, CultureInfo.InvariantCulture);
        var zeros = exponent - (point < 0 ? 0 : end - point - 1);
        output.Slice(written, zeros).Fill((byte)'0');
        return written + zeros;
    }

    // Turns 1234567890123456.5 into 1.2345678901234565e+15.
    static int WriteExponent(Span<byte> output, int length)
    {
        var first = output[0] == '-' ? 2 : 1;
        var point = output[..length].IndexOf((byte)'.');
        output[first..point].CopyTo(output[(first + 1)..]);
        output[first] = (byte)'.';
        "e+"u8.CopyTo(output[length..]);
        output[length + 2] = (byte)('0' + (point - first) / 10);
        output[length + 3] = (byte)('0' + (point - first) % 10);
        return length + 4;
    }
}
