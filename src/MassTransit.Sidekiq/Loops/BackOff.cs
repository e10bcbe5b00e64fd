namespace MassTransit.Sidekiq;

// Exponential backoff: the delay after the first, second, … failure in a row, from 250 ms, doubling, up to five seconds.
internal struct BackOff()
{
    static readonly TimeSpan first = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan longest = TimeSpan.FromSeconds(5);

    TimeSpan next = first;

    public TimeSpan Next()
    {
        var delay = next;
        next = TimeSpan.FromTicks(Math.Min(longest.Ticks, delay.Ticks * 2));

        return delay;
    }

    // True when there was a failure.
    public bool Reset()
    {
        var hadFailed = next != first;
        next = first;

        return hadFailed;
    }
}
