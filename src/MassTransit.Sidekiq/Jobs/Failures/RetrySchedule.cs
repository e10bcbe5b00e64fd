namespace MassTransit.Sidekiq;

// How long a failed job waits: Sidekiq's curve, count^4 + 15 seconds, from a quarter of a minute to four days at the 25th time,
// and as much chance on top as makes jobs that failed together come back apart.
internal sealed class RetrySchedule(Random random)
{
    // Sidekiq's own limit where a job does not say: 25 retries over 20 days.
    public const int DefaultLimit = 25;

    // Beyond this a job asks for more retries than anyone will see; it keeps the arithmetic inside a TimeSpan.
    static readonly TimeSpan longest = TimeSpan.FromDays(36525);

    /// <param name="count">Retries before this one: 0 after the first failure.</param>
    /// <param name="custom">What a policy of the user's says instead of the curve; the chance is added to it as well.</param>
    public TimeSpan Delay(int count, TimeSpan? custom = null)
    {
        count = Math.Max(0, count);
        var jitter = random.NextInt64(10L * (count + 1L));
        var delay = (custom ?? Curve(count)) + TimeSpan.FromSeconds(jitter);
        return delay < longest ? delay : longest;
    }

    // The curve without the chance.
    public static TimeSpan Curve(int count)
    {
        var seconds = Math.Pow(count, 4) + 15;
        return seconds < longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : longest;
    }
}
