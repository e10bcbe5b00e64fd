namespace MassTransit;

/// <summary>The Redis server of a bus, as INFO reports it. Values that it does not report, or that are not permitted, are null.</summary>
/// <param name="Address">Its address.</param>
/// <param name="RoundTrip">The round-trip time of the command.</param>
public sealed record SidekiqRedisServer(string Address, TimeSpan RoundTrip)
{
    /// <summary>Its version; for Valkey, the version of Redis that it is compatible with.</summary>
    public string? Version { get; init; }

    /// <summary>How long it has been running.</summary>
    public TimeSpan? Uptime { get; init; }

    /// <summary>The memory it uses.</summary>
    public long? UsedBytes { get; init; }

    /// <summary>The memory it may use (<c>maxmemory</c>); null for no limit.</summary>
    public long? MostBytes { get; init; }

    /// <summary>What it does at that limit. Anything but <c>noeviction</c> silently deletes queued jobs.</summary>
    public string? EvictionPolicy { get; init; }

    /// <summary>Whether writes go to an append-only file (AOF).</summary>
    public bool? IsAppendOnly { get; init; }

    /// <summary>The number of connected clients.</summary>
    public long? Clients { get; init; }

    /// <summary>
    /// How far this machine's clock is ahead of the server's, and negative when it is behind. Scheduled jobs and retries are off by as
    /// much; more than five seconds are logged.
    /// </summary>
    public TimeSpan? ClockSkew { get; init; }

    /// <summary>The number of connected replicas.</summary>
    public long? Replicas { get; init; }
}
