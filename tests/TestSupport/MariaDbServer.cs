using System.Globalization;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// A real MariaDB on a free loopback port, which all tests of an assembly share: each has a database of its own, whose name
/// nobody else has.
/// </summary>
public sealed class MariaDbServer : IAsyncDisposable
{
    const string User = "mysql";

    static readonly Lazy<Task<MariaDbServer>> shared = new(Start);
    static int next;

    readonly string folder;
    readonly int port;
    readonly ChildProcess process;

    MariaDbServer(string folder, int port, ChildProcess process) =>
        (this.folder, this.port, this.process) = (folder, port, process);

    /// <summary>A connection string with the name of a database that does not exist yet.</summary>
    public static async Task<string> NewDatabase()
    {
        var server = await shared.Value;
        return $"Server=127.0.0.1;Port={server.port};User ID=root;Database=test_{Interlocked.Increment(ref next)}";
    }

    /// <summary>Ends the shared one, if any test has asked for it.</summary>
    public static async Task Stop()
    {
        if (shared.IsValueCreated && shared.Value.IsCompletedSuccessfully)
        {
            await (await shared.Value).DisposeAsync();
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    static async Task<MariaDbServer> Start()
    {
        var folder = Directory.CreateTempSubdirectory("sidekiq-mariadb-").FullName;
        Reaper.Watch(folder);
        await ServerAccount.Own(User, folder);
        await ServerAccount.Run([
            .. ServerAccount.As(User, Requires.Program("mariadb-install-db", "mariadb-server")),
            "--no-defaults",
            $"--datadir={Data(folder)}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]);

        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort.Next();
            if (await Launch(folder, port) is { } process)
            {
                return new MariaDbServer(folder, port, process);
            }

            Assert.True(attempt < 10, "No free port for MariaDB in ten attempts.");
        }
    }

    // Null when somebody else has the port.
    static async Task<ChildProcess?> Launch(string folder, int port)
    {
        string[] command =
        [
            .. ServerAccount.As(User, Requires.Program("mariadbd", "mariadb-server")),
            "--no-defaults",
            $"--datadir={Data(folder)}",
            $"--socket={Path.Combine(folder, "socket")}",
            $"--pid-file={Path.Combine(folder, "pid")}",
            "--bind-address=127.0.0.1",
            $"--port={port.ToString(CultureInfo.InvariantCulture)}",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--max-connections=300",
            // Its data ends with the tests.
            "--innodb-flush-log-at-trx-commit=0",
        ];
        var process = ChildProcess.Start(command[0], command[1..], folder: folder);
        var line = await process.Line(
            line => line.Contains("ready for connections", StringComparison.Ordinal) || IsTaken(line),
            "MariaDB is ready"
        );
        if (!IsTaken(line))
        {
            return process;
        }

        await process.DisposeAsync();
        return null;

        static bool IsTaken(string line) => line.Contains("Address already in use", StringComparison.Ordinal);
    }

    static string Data(string folder) => Path.Combine(folder, "data");
}
