namespace MassTransit.Sidekiq;

// How long a failed job waits: Sidekiq's exponential backoff, count^4 + 15 seconds, from 15 seconds to four days at the 25th
// retry, plus enough jitter to spread jobs that failed together.
internal sealed class RetrySchedule(Random random)
{
    // Sidekiq's own limit where a job sets none: 25 retries over 20 days.
    public const int DefaultLimit = 25;

    // Far more than any real retry waits; it keeps the arithmetic inside a TimeSpan.
    static readonly TimeSpan longest = TimeSpan.FromDays(36525);

    /// <param name="count">Retries before this one: 0 after the first failure.</param>
    /// <param name="custom">The delay of a user's policy, instead of the backoff; jitter is added to it as well.</param>
    public TimeSpan Delay(int count, TimeSpan? custom = null)
    {
        count = Math.Max(0, count);
        var jitter = random.NextInt64(10L * (count + 1L));
        var delay = (custom ?? Curve(count)) + TimeSpan.FromSeconds(jitter);
        return delay < longest ? delay : longest;
    }

    // The backoff without jitter.
    public static TimeSpan Curve(int count)
    {
        var seconds = Math.Pow(count, 4) + 15;
        return seconds < longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : longest;
    }
}
