using StackExchange.Redis;

namespace MassTransit.Sidekiq;

internal static class ServerRole
{
    /// Asked only after a refused write, which an outage ends with the first server that says it is a primary.
    public static async Task<bool> IsReplica(IDatabase database)
    {
        try
        {
            var role = (RedisResult[])(await database.ExecuteAsync("ROLE").ConfigureAwait(false))!;
            return (string?)role[0] == "slave";
        }
        catch (RedisServerException)
        {
            // Not allowed to ask: the next write tells.
            return false;
        }
    }
}
