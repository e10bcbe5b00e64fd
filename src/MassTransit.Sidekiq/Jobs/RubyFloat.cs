using System.Buffers.Text;
using System.Globalization;

namespace MassTransit.Sidekiq;

/// Numbers as Ruby's JSON writes them: the shortest digits that read back, always with a point, a small e and a signed exponent.
internal static class RubyFloat
{
    public const int MaxLength = 40;

    // From here on Ruby writes an exponent; .NET does so two digits later.
    const double FirstExponent = 1e15;

    // Well below decimal.MaxValue, whose float is larger than itself.
    const double LargestDecimal = 7e28;

    public static int Format(double value, Span<byte> output)
    {
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

    /// As the double with the same shortest digits: 0.1f is 0.1, not 0.10000000149011612.
    public static int Format(float value, Span<byte> output) =>
        Format(double.Parse(value.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), output);

    /// With a point even where there is no fraction, or Ruby would read an Integer and divide without remainder. As the float
    /// that Ruby reads, 1.50 is 1.5, because Ruby's API finds an entry again by its own text of it; what has more than the
    /// 15 digits that every float keeps is written in full.
    public static int Format(decimal value, Span<byte> output)
    {
        value.TryFormat(output, out var length, default, CultureInfo.InvariantCulture);

        return
            Utf8Parser.TryParse(output[..length], out double number, out _)
            && Math.Abs(number) < LargestDecimal
            && (decimal)number == value
            ? Format(number, output)
            : WritePoint(output, length, length);
    }

    /// Puts ".0" behind digits that have no point.
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

    /// Turns 1234567890123456 into 1.234567890123456e+15.
    static int WriteExponent(Span<byte> output, int length)
    {
        var first = output[0] == '-' ? 2 : 1;
        var exponent = length - first;
        var end = output[..length].LastIndexOfAnyExcept((byte)'0') + 1;
        if (end <= first)
        {
            end = first + 1;
        }

        output[first..end].CopyTo(output[(first + 1)..]);
        output[first] = (byte)'.';
        "e+"u8.CopyTo(output[++end..]);
        output[end + 2] = (byte)('0' + exponent / 10);
        output[end + 3] = (byte)('0' + exponent % 10);
        return end + 4;
    }
}
