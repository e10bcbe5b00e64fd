using System.Globalization;

namespace MassTransit.Sidekiq;

// Scores of Sidekiq's sorted sets: float seconds since 1970 in every version. A double holds six decimals there.
internal static class Score
{
    public static string From(DateTimeOffset time) =>
        ((time - DateTimeOffset.UnixEpoch).Ticks / (decimal)TimeSpan.TicksPerSecond).ToString(
            "0.0#####",
            CultureInfo.InvariantCulture
        );

    public static double ToSeconds(DateTimeOffset time) =>
        (time - DateTimeOffset.UnixEpoch).Ticks / (double)TimeSpan.TicksPerSecond;

    public static DateTimeOffset ToTime(double score)
    {
        var ticks = Math.Clamp(score, MinSeconds, MaxSeconds) * TimeSpan.TicksPerSecond;
        return DateTimeOffset.UnixEpoch.AddTicks((long)ticks);
    }

    // As Redis writes a score.
    public static double Parse(string score) =>
        score switch
        {
            "inf" => double.PositiveInfinity,
            "-inf" => double.NegativeInfinity,
            _ => double.Parse(score, CultureInfo.InvariantCulture),
        };

    // Any client may ZADD anything, infinities included: a score that is not a time becomes the nearest one.
    static readonly double MinSeconds = (DateTimeOffset.MinValue - DateTimeOffset.UnixEpoch).TotalSeconds + 1;
    static readonly double MaxSeconds = (DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).TotalSeconds - 1;
}
