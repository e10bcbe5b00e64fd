using System.Globalization;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>A redis-server process with a configuration file of its own: a server, or a sentinel.</summary>
static class RedisProcess
{
    const int MaximumAttempts = 10;

    /// <summary>Starts one in a folder of its own, on a free port; returns when it listens.</summary>
    public static async Task<(string Folder, int Port, ChildProcess Process)> Start(
        string prefix,
        IReadOnlyList<string> configuration,
        bool asSentinel = false
    )
    {
        var program = Program();
        var folder = Directory.CreateTempSubdirectory(prefix).FullName;
        Reaper.Watch(folder);
        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort.Next();
            if (await Launch(program, folder, port, configuration, asSentinel) is { } process)
            {
                return (folder, port, process);
            }

            Assert.True(attempt < MaximumAttempts, $"No free port for redis-server in {MaximumAttempts} attempts.");
        }
    }

    /// <summary>Starts one on a port that it had before; fails if another process took the port meanwhile.</summary>
    public static async Task<ChildProcess> Restart(
        string folder,
        int port,
        IReadOnlyList<string> configuration,
        bool asSentinel = false
    ) =>
        await Launch(Program(), folder, port, configuration, asSentinel)
        ?? throw new InvalidOperationException($"Port {port} was taken while the server was down.");

    static string Program() => Requires.Program("redis-server", "redis-server");

    // Null when another process has the port.
    static async Task<ChildProcess?> Launch(
        string program,
        string folder,
        int port,
        IReadOnlyList<string> configuration,
        bool asSentinel
    )
    {
        var file = Path.Combine(folder, "redis.conf");
        await File.WriteAllLinesAsync(
            file,
            ["bind 127.0.0.1", $"port {port.ToString(CultureInfo.InvariantCulture)}", $"dir {folder}", .. configuration]
        );

        var process = ChildProcess.Start(program, asSentinel ? [file, "--sentinel"] : [file], folder: folder);
        var ready = asSentinel ? "Sentinel ID is" : "Ready to accept connections";
        var line = await process.Line(
            line => line.Contains(ready, StringComparison.Ordinal) || IsTaken(line),
            "redis-server is ready"
        );
        if (!IsTaken(line))
        {
            return process;
        }

        await process.DisposeAsync();
        return null;

        static bool IsTaken(string line) => line.Contains("Address already in use", StringComparison.Ordinal);
    }
}
