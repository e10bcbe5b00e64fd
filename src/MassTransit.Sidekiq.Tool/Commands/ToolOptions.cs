using System.CommandLine;

namespace MassTransit.Sidekiq;

// The options that every command has.
internal static class ToolOptions
{
    public const string DefaultRedis = "redis://localhost:6379/0";

    public static readonly Option<string?> Redis = new("--redis", "-r")
    {
        Description =
            "Redis as a URL (redis://user:password@host:6379/0, rediss:// for TLS) or as a connection string of StackExchange.Redis. Default: $SIDEKIQ_URL, $REDIS_URL, else "
            + DefaultRedis
            + ".",
        HelpName = "url",
        Recursive = true,
    };

    public static readonly Option<string> KeyPrefix = new("--key-prefix")
    {
        Description = "The prefix of all keys, as in cfg.Host and redis-namespace, with its separator: myapp:",
        HelpName = "prefix",
        DefaultValueFactory = _ => "",
        Recursive = true,
    };

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Write JSON instead of tables.",
        Recursive = true,
    };
}
