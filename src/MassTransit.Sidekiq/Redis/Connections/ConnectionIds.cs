using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The ids under which Redis knows the connections by which this process claims and settles jobs. They are part of its lease: a
// dead process's connections are closed at once, long before its lease ends.
internal sealed class ConnectionIds
{
    readonly Lock gate = new();
    readonly HashSet<long> waiting = [];
    long? working;

    // The connection that renews the lease is another one now.
    public async Task Ask(IDatabase open)
    {
        var id = await IdOf(open).ConfigureAwait(false);
        lock (gate)
        {
            working = id;
        }
    }

    public void Waits(long id)
    {
        lock (gate)
        {
            waiting.Add(id);
        }
    }

    public void WaitsNoMore(long id)
    {
        lock (gate)
        {
            waiting.Remove(id);
        }
    }

    // The connection that renews the lease comes first. Empty when its id is unknown.
    public override string ToString()
    {
        lock (gate)
        {
            return working is { } first ? string.Join(' ', [first, .. waiting.Order()]) : "";
        }
    }

    // Redis, or a multiplexer of the user's own, may not tell. Then only the lease says that the process lives.
    static async Task<long?> IdOf(IDatabase open)
    {
        try
        {
            return (long?)await open.ExecuteAsync("CLIENT", "ID").ConfigureAwait(false);
        }
        catch (Exception refused) when (refused is RedisServerException or RedisCommandException)
        {
            return null;
        }
    }
}
