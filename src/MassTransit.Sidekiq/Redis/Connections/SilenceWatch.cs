using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// Whether pending answers still arrive. Reads the client's counters, not Redis, so that watching costs no command.
internal sealed class SilenceWatch(TimeSpan limit)
{
    long completed;
    long since = RealTime.Clock.GetTimestamp();

    // A new connection starts with the full limit.
    public void Reset() => since = RealTime.Clock.GetTimestamp();

    public bool IsTooLong(IConnectionMultiplexer watched)
    {
        var counters = watched.GetCounters().Interactive;
        var now = counters.OperationCount - counters.TotalOutstanding;
        if (now != completed || counters.TotalOutstanding == 0 || !watched.IsConnected)
        {
            completed = now;
            Reset();
            return false;
        }

        return RealTime.Clock.GetElapsedTime(since) > limit;
    }
}
