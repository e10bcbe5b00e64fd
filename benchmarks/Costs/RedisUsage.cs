using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Benchmarks;

// What Redis says that it has done since it started, or between two readings.
internal sealed record RedisUsage
{
    // When it was read, or how long the time between two readings was.
    public required TimeSpan Time { get; init; }

    // Calls of all commands, those inside scripts included.
    public required long Calls { get; init; }

    // How long commands ran. The time of a script contains that of the commands inside, which is not counted once more.
    public required double CommandMicroseconds { get; init; }

    // Processor time, reading and writing of sockets included.
    public required double ProcessorMicroseconds { get; init; }

    // On the network, in both directions.
    public required long Bytes { get; init; }

    // Now, in a difference as well.
    public required int Connections { get; init; }

    // Of one core.
    public double ProcessorPercent => 100 * ProcessorMicroseconds / Time.TotalMicroseconds;

    public static async Task<RedisUsage> Of(IDatabase database)
    {
        var lines = ((string)(await database.ExecuteAsync("INFO", "all"))!).Split("\r\n");
        var commands = lines.Where(line => line.StartsWith("cmdstat_", StringComparison.Ordinal)).ToList();
        var scripts = commands.Where(line => line.StartsWith("cmdstat_eval", StringComparison.Ordinal));
        var others = commands.Where(line => !line.StartsWith("cmdstat_eval", StringComparison.Ordinal));
        return new RedisUsage
        {
            Time = Stopwatch.GetElapsedTime(0),
            Calls = (long)commands.Sum(line => Part(line, "calls=")),
            CommandMicroseconds = Math.Max(
                scripts.Sum(line => Part(line, "usec=")),
                others.Sum(line => Part(line, "usec="))
            ),
            ProcessorMicroseconds = 1e6 * (Field("used_cpu_user:") + Field("used_cpu_sys:")),
            Bytes = (long)(Field("total_net_input_bytes:") + Field("total_net_output_bytes:")),
            Connections = (int)Field("connected_clients:"),
        };

        double Field(string name) => Part(lines.First(line => line.StartsWith(name, StringComparison.Ordinal)), name);
    }

    public static RedisUsage operator -(RedisUsage after, RedisUsage before) =>
        new()
        {
            Time = after.Time - before.Time,
            Calls = after.Calls - before.Calls,
            CommandMicroseconds = after.CommandMicroseconds - before.CommandMicroseconds,
            ProcessorMicroseconds = after.ProcessorMicroseconds - before.ProcessorMicroseconds,
            Bytes = after.Bytes - before.Bytes,
            Connections = after.Connections,
        };

    // The number behind a name.
    static double Part(string line, string name)
    {
        var from = line.IndexOf(name, StringComparison.Ordinal) + name.Length;
        var end = line.IndexOf(',', from);
        return double.Parse(line.AsSpan(from, (end < 0 ? line.Length : end) - from), CultureInfo.InvariantCulture);
    }
}
