using System.Globalization;

namespace MassTransit.Sidekiq;

/// Numbers as Ruby's JSON writes them: the shortest digits that read back, always with a point, a small e and a signed exponent.
internal static class RubyFloat
{
    public const int MaxLength = 40;

    public static int Format(double value, Span<byte> output)
    {
        // .NET turns to exponents where Ruby does (1e15 and 0.00001), and writes as many digits of them.
        value.TryFormat(output, out var length, default, CultureInfo.InvariantCulture);
        var exponent = output[..length].IndexOf((byte)'E');
        var digits = exponent < 0 ? length : exponent;
        if (output[..digits].IndexOf((byte)'.') < 0)
        {
            output[digits..length].CopyTo(output[(digits + 2)..]);
            output[digits] = (byte)'.';
            output[digits + 1] = (byte)'0';
            length += 2;
        }

        if (exponent >= 0)
        {
            output[..length].Replace((byte)'E', (byte)'e');
        }

        return length;
    }

    /// As the double with the same shortest digits: 0.1f is 0.1, not 0.10000000149011612.
    public static int Format(float value, Span<byte> output) =>
        Format(double.Parse(value.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), output);

    /// A point even where there is no fraction, or Ruby would read an Integer and divide without remainder.
    public static int Format(decimal value, Span<byte> output)
    {
        value.TryFormat(output, out var length, default, CultureInfo.InvariantCulture);
        if (output[..length].IndexOf((byte)'.') < 0)
        {
            ".0"u8.CopyTo(output[length..]);
            length += 2;
        }

        return length;
    }
}
