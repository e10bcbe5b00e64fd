namespace MassTransit.Sidekiq;

// How long to wait after the first, second, … failure in a row: from a quarter of a second, doubling, up to five.
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
