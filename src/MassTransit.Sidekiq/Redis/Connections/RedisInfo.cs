using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The answer of INFO: one `name:value` per line.
internal static class RedisInfo
{
    // Hosted Redis often forbids or renames INFO, and a multiplexer of the user's own may not be allowed to send it. The
    // operator is then trusted, as in Sidekiq.
    public static async Task<string> Of(IDatabase database)
    {
        try
        {
            return (string?)await database.ExecuteAsync("INFO").ConfigureAwait(false) ?? "";
        }
        catch (Exception refused) when (refused is RedisServerException or RedisCommandException)
        {
            return "";
        }
    }

    // Empty when it is absent. `name` includes the colon.
    public static string Field(string info, string name)
    {
        foreach (var line in info.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                return line[name.Length..].ToString();
            }
        }

        return "";
    }
}
