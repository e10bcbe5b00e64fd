using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// Where Redis is and how to talk to it: the result of the user's options.
internal sealed record RedisSettings
{
    // In StackExchange.Redis's terms, with all that a user may have set there; RedisOptions makes connections of copies of it.
    public ConfigurationOptions Options { get; init; } = new() { EndPoints = { { "localhost", 6379 } } };

    // Empty, or with its separator: "myapp:".
    public string KeyPrefix { get; init; } = "";

    // A multiplexer of the user's own: sends and working steps share it, and it is never closed here. `Options` are then those of
    // the other connections.
    public IConnectionMultiplexer? Connection { get; init; }

    // How long Redis may be silent while an answer is due before the connection counts as dead.
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(5);

    // How many replicas must have a message before its send is done; 0 for none.
    public int Replicas { get; init; }

    // Why there is no Redis: the exception of whatever asks for it. Null where there is one.
    public string? Absence { get; init; }

    public string? SentinelUserName { get; init; }

    public string? SentinelPassword { get; init; }

    // For log lines and exceptions: "redis-1:6379, redis-2:6379".
    public string Address => RedisOptions.Address(this);

    public void ThrowIfAbsent()
    {
        if (Absence is { } reason)
        {
            throw new NotSupportedException(reason);
        }
    }

    // The record's own ToString would show the password.
    public override string ToString() => $"{Address}/{RedisOptions.Database(this)}";
}
