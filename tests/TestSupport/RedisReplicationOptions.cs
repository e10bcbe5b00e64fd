namespace MassTransit.Sidekiq.TestSupport;

/// <summary>What of a replication differs from one primary, two replicas and three sentinels without passwords.</summary>
public sealed record RedisReplicationOptions
{
    /// <summary>
    /// The replica-priority of each replica, and with it how many there are: the lowest is promoted first, 0 never.
    /// Default: two that are equal.
    /// </summary>
    public IReadOnlyList<int> Priorities { get; init; } = [100, 100];

    /// <summary>How many sentinels there are. Default: 3.</summary>
    public int Sentinels { get; init; } = 3;

    /// <summary>How many sentinels must miss the primary before one of them may replace it. Default: 2.</summary>
    public int Quorum { get; init; } = 2;

    /// <summary>How long a sentinel waits for an answer before it takes a server for dead. Default: 1.5 s.</summary>
    public TimeSpan DownAfter { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>How long a failover may take; another try comes after twice this time. Default: 3 s.</summary>
    public TimeSpan FailoverTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The password that sentinels ask of their clients. Default: none.</summary>
    public string? SentinelPassword { get; init; }

    /// <summary>What the servers have in common: password, users, append-only file, lines of redis.conf.</summary>
    public RedisServerOptions Servers { get; init; } = new();

    // The first server is number 0, then come the replicas.
    internal RedisServerOptions Server(int number, RedisServer? replicaOf)
    {
        List<string> lines =
        [
            // A replica that is sent a file is in sync when it has read it; without one it may wait for another second.
            "repl-diskless-sync no",
            "rdb-del-sync-files yes",
            $"replica-priority {(number == 0 ? 100 : Priorities[number - 1])}",
            .. Servers.Lines,
        ];
        if (Servers.Password is { } password)
        {
            lines.Add($"masterauth {password}");
        }

        if (replicaOf is not null)
        {
            lines.Add($"replicaof 127.0.0.1 {replicaOf.Port}");
        }

        return Servers with
        {
            Lines = lines,
        };
    }

    internal IReadOnlyList<string> Sentinel(RedisServer primary)
    {
        List<string> lines =
        [
            $"sentinel monitor {SentinelServer.Service} 127.0.0.1 {primary.Port} {Quorum}",
            $"sentinel down-after-milliseconds {SentinelServer.Service} {DownAfter.TotalMilliseconds:F0}",
            $"sentinel failover-timeout {SentinelServer.Service} {FailoverTimeout.TotalMilliseconds:F0}",
        ];
        if (Servers.Password is { } password)
        {
            lines.Add($"sentinel auth-pass {SentinelServer.Service} {password}");
        }

        if (SentinelPassword is { } own)
        {
            lines.AddRange([$"requirepass {own}", $"sentinel sentinel-pass {own}"]);
        }

        return lines;
    }
}
