using System.Globalization;

namespace MassTransit.Sidekiq;

// A limit as it is defined: its name, what it counts, and how many. A window and a bucket have a period.
internal sealed record LimitDefinition(string Name, SidekiqLimitKind Kind, long Most, TimeSpan Period)
{
    const int LongestName = 100;

    // A window remembers each start of its period.
    const int LargestWindow = 10_000;
    const int MostSlots = 10_000;
    const long LargestBucket = 1_000_000_000;

    static readonly TimeSpan shortestWindow = TimeSpan.FromSeconds(1);
    static readonly TimeSpan shortestPeriod = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan longestPeriod = TimeSpan.FromDays(366);
    static readonly TimeSpan longestSlack = TimeSpan.FromSeconds(0.4);

    // How late a job may start, or ask again: late answers would bring too many starts into one period. Null where it does not matter.
    // A part of what take_limits.lua counts a start longer; the rest is for the way to the consumer.
    public TimeSpan? Slack =>
        Kind != SidekiqLimitKind.Window ? null
        : Period / 100 < longestSlack ? Period / 100
        : longestSlack;

    // As the steps read it: "window 100 1000000".
    public string Text =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Kind.ToString().ToLowerInvariant()} {Most} {(long)Period.TotalMicroseconds}"
        );

    // Null where a newer version wrote what this one does not know.
    public static LimitDefinition? Parse(string name, string text)
    {
        var parts = text.Split(' ');
        return
            parts.Length >= 3
            && Enum.TryParse<SidekiqLimitKind>(parts[0], ignoreCase: true, out var kind)
            && long.TryParse(parts[1], CultureInfo.InvariantCulture, out var most)
            && long.TryParse(parts[2], CultureInfo.InvariantCulture, out var period)
            ? new LimitDefinition(name, kind, most, TimeSpan.FromMicroseconds(period))
            : null;
    }

    // What is wrong with it; null when nothing is.
    public string? Fault =>
        Name.Length is 0 or > LongestName || !Name.All(IsPlain)
            ? $"limit '{Name}' has a name that is a part of Redis keys: use 1 to {LongestName} letters, digits, '-', '_' or '.'."
        : Most < 1 ? $"limit '{Name}' lets {Most} jobs start: at least 1."
        : Kind == SidekiqLimitKind.Concurrent
            ? Most > MostSlots ? $"limit '{Name}' has {Most} slots: at most {MostSlots}."
                : null
        : Period < shortestPeriod || Period > longestPeriod
            ? $"limit '{Name}' has a period of {Period}: {shortestPeriod.TotalMilliseconds} ms to {longestPeriod.TotalDays} days."
        : Kind == SidekiqLimitKind.Window && Period < shortestWindow
            ? $"limit '{Name}' is a window of {Period}, in which starts cannot be timed well enough: at least {shortestWindow.TotalSeconds} s. Use a bucket."
        : Period.TotalMicroseconds < Most
            ? $"limit '{Name}' lets {Most} jobs start in {Period}: at most one in a microsecond."
        : Kind == SidekiqLimitKind.Window && Most > LargestWindow
            ? $"limit '{Name}' lets {Most} jobs start in a window, which remembers each: at most {LargestWindow}. Use a bucket, or a shorter window."
        : Most > LargestBucket ? $"limit '{Name}' has a capacity of {Most}: at most {LargestBucket}."
        : null;

    public override string ToString() =>
        Kind switch
        {
            SidekiqLimitKind.Concurrent => $"{Most} at once",
            SidekiqLimitKind.Window => $"{Most} in any {Period}",
            _ => $"{Most} per {Period} on average",
        };

    static bool IsPlain(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.';
}
