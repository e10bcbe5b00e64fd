using System.Globalization;

namespace MassTransit.Sidekiq;

// Parses the reply of INFO; fields that it does not contain are null.
internal static class ServerReader
{
    public static SidekiqRedisServer Read(string info, string address, TimeSpan roundTrip) =>
        new(address, roundTrip)
        {
            Version = Text(info, "redis_version:"),
            Uptime = Number(info, "uptime_in_seconds:") is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            UsedBytes = Number(info, "used_memory:"),
            MostBytes = Number(info, "maxmemory:") is > 0 and var most ? most : null,
            EvictionPolicy = Text(info, "maxmemory_policy:"),
            IsAppendOnly = Number(info, "aof_enabled:") is { } enabled ? enabled == 1 : null,
            Clients = Number(info, "connected_clients:"),
            Replicas = Number(info, "connected_slaves:"),
        };

    static string? Text(string info, string name) => RedisInfo.Field(info, name) is { Length: > 0 } text ? text : null;

    static long? Number(string info, string name) =>
        long.TryParse(RedisInfo.Field(info, name), CultureInfo.InvariantCulture, out var number) ? number : null;
}
