namespace MassTransit.Sidekiq;

// Reads what INFO answers: `name:value`, a line each.
internal static class RedisInfo
{
    // Empty when there is none. `name` has its colon.
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
