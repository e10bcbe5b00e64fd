using System.Buffers.Text;

namespace MassTransit.Sidekiq;

// A span of time as an option of a job: a number of seconds, or, as Ruby writes a duration of Rails, a string of one.
internal static class JobSeconds
{
    // Sidekiq's own limit, a little over 31 years: its client and poller refuse more.
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(1_000_000_000);

    // Null for anything else, Ruby's false among it.
    public static TimeSpan? Read(ReadOnlySpan<byte> value)
    {
        var digits = value is [(byte)'"', .., (byte)'"'] ? value[1..^1] : value;
        return
            Utf8Parser.TryParse(digits, out double seconds, out var length)
            && length == digits.Length
            && seconds > 0
            && seconds <= Longest.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : null;
    }
}
