using System.Globalization;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// A real PostgreSQL on a free loopback port. Tests share one, each with a database of its own (<see cref="Lease"/>);
/// a test that kills or restarts a server takes one for itself (<see cref="StartOwn"/>).
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    const string User = "postgres";

    readonly string programs;
    readonly string folder;
    ChildProcess process;

    PostgresServer(string programs, string folder, int port, ChildProcess process) =>
        (this.programs, this.folder, Port, this.process) = (programs, folder, port, process);

    /// <summary>Where it listens, on 127.0.0.1; a restart keeps it.</summary>
    public int Port { get; }

    /// <summary>A connection string without a database.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username={User};Maximum Pool Size=30";

    /// <summary>What it wrote, for a failed test.</summary>
    public IReadOnlyList<string> Log => process.Lines;

    /// <summary>
    /// A database of the shared server, nobody else's until it is disposed: a clone of the template of that name, which
    /// the first caller fills.
    /// </summary>
    public static Task<PostgresDatabase> Lease(string template, Func<string, Task> fill) =>
        SharedPostgres.Lease(template, fill);

    /// <summary>A server for this test alone.</summary>
    public static async Task<PostgresServer> StartOwn()
    {
        var programs = Requires.Folder("/usr/lib/postgresql", Path.Combine("bin", "postgres"), "postgresql");
        var folder = Directory.CreateTempSubdirectory("sidekiq-postgres-").FullName;
        Reaper.Watch(folder);
        await ServerAccount.Own(User, folder);
        await ServerAccount.Run([
            .. ServerAccount.As(User, Path.Combine(programs, "initdb")),
            "-D",
            Data(folder),
            "-U",
            User,
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
        ]);

        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort.Next();
            if (await Launch(programs, folder, port) is { } process)
            {
                return new PostgresServer(programs, folder, port, process);
            }

            Assert.True(attempt < 10, "No free port for PostgreSQL in ten attempts.");
        }
    }

    /// <summary>Ends it at once, as a crash does.</summary>
    public Task Kill() => process.Kill();

    /// <summary>Starts it again on the same port, after ending it if it still runs.</summary>
    public async Task Restart()
    {
        await End();
        process =
            await Launch(programs, folder, Port)
            ?? throw new InvalidOperationException($"Port {Port} was taken while the server was down.");
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await End();
        Directory.Delete(folder, recursive: true);
    }

    async Task End()
    {
        // An orderly end gives its shared memory back; a killed server leaves it to the machine.
        process.Send(UnixSignal.Interrupt);
        await process.Exited.InTime("PostgreSQL ends");
        await process.DisposeAsync();
    }

    // Null when somebody else has the port. A connection would not tell: it might reach somebody else's server.
    static async Task<ChildProcess?> Launch(string programs, string folder, int port)
    {
        string[] command =
        [
            .. ServerAccount.As(User, Path.Combine(programs, "postgres")),
            "-D",
            Data(folder),
            "-p",
            port.ToString(CultureInfo.InvariantCulture),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            $"unix_socket_directories={folder}",
            "-c",
            "max_connections=300",
            "-c",
            "log_min_messages=warning",
            "-c",
            "lc_messages=C",
        ];
        var process = ChildProcess.Start(command[0], command[1..], folder: folder);
        var line = await process.Line(
            line => line.Contains("ready to accept connections", StringComparison.Ordinal) || IsTaken(line),
            "PostgreSQL is ready"
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

/// <summary>A database of a test.</summary>
public sealed class PostgresDatabase(string connectionString, Func<ValueTask> release) : IAsyncDisposable
{
    /// <summary>How Npgsql reaches it.</summary>
    public string ConnectionString => connectionString;

    /// <inheritdoc />
    public ValueTask DisposeAsync() => release();
}
