namespace MassTransit.Sidekiq;

// Reads the answer of INFO: one `name:value` per line.
internal static class RedisInfo
{
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
