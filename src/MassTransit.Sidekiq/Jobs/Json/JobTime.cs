using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace MassTransit.Sidekiq;

// The times of a job. Sidekiq up to 7 writes float seconds, 8 whole milliseconds, others whole seconds or strings: all are read.
internal static class JobTime
{
    public const int MaxLength = 32;

    // As seconds this is the year 5138, as milliseconds 1973: no job is from either.
    const double FirstMillisecond = 1e11;

    static readonly double EarliestSecond = DateTimeOffset.MinValue.ToUnixTimeSeconds();
    static readonly double LatestSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <param name="token">The JSON token as written in the job, a string with its quotes.</param>
    public static DateTimeOffset? Read(ReadOnlySpan<byte> token)
    {
        if (token.IsEmpty)
        {
            return null;
        }

        if (token[0] != '"')
        {
            return ReadNumber(token);
        }

        if (token.Length == 1)
        {
            return null;
        }

        var text = token[1..^1].Trim((byte)' ');
        if (ReadNumber(text) is { } number)
        {
            return number;
        }

        return DateTimeOffset.TryParse(
            Encoding.UTF8.GetString(text),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        )
            ? time
            : null;
    }

    // At most microseconds, and always a decimal point in float seconds: 8 would read whole seconds as milliseconds.
    public static int Write(DateTimeOffset time, SidekiqTimeFormat format, Span<byte> output)
    {
        var micros = (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
        if (format == SidekiqTimeFormat.IntegerMilliseconds)
        {
            Utf8Formatter.TryFormat(micros / 1000, output, out var digits);
            return digits;
        }

        if (micros < 0)
        {
            // No job is scheduled before 1970, but the general path still writes it correctly.
            return RubyFloat.Format(micros / 1e6, output);
        }

        Utf8Formatter.TryFormat(micros / 1_000_000, output, out var length);
        output[length++] = (byte)'.';
        var fraction = (int)(micros % 1_000_000);
        var digit = 100_000;
        do
        {
            output[length++] = (byte)('0' + fraction / digit);
            fraction %= digit;
            digit /= 10;
        } while (fraction > 0);

        return length;
    }

    static DateTimeOffset? ReadNumber(ReadOnlySpan<byte> text)
    {
        if (!Utf8Parser.TryParse(text, out double number, out var read) || read != text.Length)
        {
            return null;
        }

        var seconds = Math.Abs(number) >= FirstMillisecond ? number / 1000 : number;
        if (!(seconds > EarliestSecond && seconds < LatestSecond))
        {
            return null;
        }

        return DateTimeOffset.UnixEpoch.AddTicks((long)Math.Round(seconds * 1e6) * TimeSpan.TicksPerMicrosecond);
    }
}
