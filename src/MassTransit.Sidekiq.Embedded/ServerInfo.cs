using System.Diagnostics;
using System.Globalization;

namespace MassTransit.Sidekiq;

// INFO in the fields of Redis that its readers know. A section by name goes to Garnet.
internal static class ServerInfo
{
    static readonly long started = Stopwatch.GetTimestamp();

    public static string Describe(int clients)
    {
        var memory = GC.GetTotalMemory(forceFullCollection: false);
        var uptime = (long)Stopwatch.GetElapsedTime(started).TotalSeconds;
        return string.Create(
                CultureInfo.InvariantCulture,
                $"""
                # Server
                redis_version:7.4.3
                server_name:garnet
                redis_mode:standalone
                process_id:{Environment.ProcessId}
                uptime_in_seconds:{uptime}
                # Clients
                connected_clients:{clients}
                # Memory
                used_memory:{memory}
                used_memory_human:{memory / 1048576.0:0.00}M
                used_memory_peak_human:{memory / 1048576.0:0.00}M
                maxmemory:0
                maxmemory_policy:noeviction
                # Persistence
                aof_enabled:1
                # Replication
                role:master
                connected_slaves:0

                """
            )
            .ReplaceLineEndings("\r\n");
    }
}
