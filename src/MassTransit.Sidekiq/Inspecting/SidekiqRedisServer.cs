namespace MassTransit;

/// <summary>The Redis behind a bus, as INFO tells it. What it does not tell, or may not be asked, is null.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="RoundTrip">How long it took to answer.</param>
public sealed record SidekiqRedisServer(string Address, TimeSpan RoundTrip)
{
    /// <summary>Its version; of Valkey, the version of Redis that it speaks.</summary>
    public string? Version { get; init; }

    /// <summary>Since when it runs.</summary>
    public TimeSpan? Uptime { get; init; }

    /// <summary>The memory it uses.</summary>
    public long? UsedBytes { get; init; }

    /// <summary>The memory it may use; null for as much as there is.</summary>
    public long? MostBytes { get; init; }

    /// <summary>What it does at that limit. Anything but <c>noeviction</c> deletes queued jobs silently.</summary>
    public string? EvictionPolicy { get; init; }

    /// <summary>Whether each write goes to an append-only file.</summary>
    public bool? IsAppendOnly { get; init; }

    /// <summary>Connections to it.</summary>
    public long? Clients { get; init; }

    /// <summary>Replicas that are connected to it.</summary>
    public long? Replicas { get; init; }
}
