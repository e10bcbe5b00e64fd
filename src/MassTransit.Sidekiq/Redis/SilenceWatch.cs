using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// Whether answers that are due still come. Asks the client's counters, not Redis, so that watching costs no command.
internal sealed class SilenceWatch(TimeSpan limit)
{
    long completed;
    long since = RedisLink.Time.GetTimestamp();

    /// A new connection starts with the whole limit before it.
    public void Reset() => since = RedisLink.Time.GetTimestamp();

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

        return RedisLink.Time.GetElapsedTime(since) > limit;
    }
}
