using StackExchange.Redis;

namespace MassTransit.Sidekiq;

internal static class ServerRole
{
    /// Asked after a refused write, until a server says that it is a primary.
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
