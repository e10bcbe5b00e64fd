using System.Net;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// Where Redis is and how to speak to it: what the user's options come down to.
internal sealed record RedisSettings
{
    public IReadOnlyList<(string Host, int Port)> Endpoints { get; init; } = [("localhost", 6379)];

    public int Database { get; init; }

    public string? UserName { get; init; }

    public string? Password { get; init; }

    public bool UseTls { get; init; }

    /// Empty, or with its separator: "myapp:".
    public string KeyPrefix { get; init; } = "";

    public string ClientName { get; init; } = "masstransit";

    /// A multiplexer of the user's own: sending and working share it, and nobody here closes it.
    public IConnectionMultiplexer? Connection { get; init; }

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// How long Redis may be silent while an answer is due before the connection counts as dead.
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// For log lines and exceptions: "redis-1:6379, redis-2:6379".
    public string Address =>
        string.Join(
            ", ",
            RedisOptions
                .EndPoints(this)
                .Select(endpoint => endpoint is DnsEndPoint named ? $"{named.Host}:{named.Port}" : $"{endpoint}")
        );

    // The record's own text would show the password.
    public override string ToString() => $"{Address}/{Database}";
}
