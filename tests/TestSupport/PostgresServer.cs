using System.Globalization;
using Npgsql;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// A real PostgreSQL on a free loopback port. Tests share one, each with a database of its own (<see cref="Lease"/>);
/// a test that kills or restarts a server takes one for itself (<see cref="StartOwn"/>).
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    const string User = "postgres";

    // All tests of an assembly wait for one initdb, however busy the machine is.
    static readonly TimeSpan longestSetup = TimeSpan.FromMinutes(1);

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
        await Run("chown", User, folder);
        await Run([
            .. AsPostgres(Path.Combine(programs, "initdb")),
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

        var port = FreePort.Next();
        return new PostgresServer(programs, folder, port, await Launch(programs, folder, port));
    }

    /// <summary>Ends it at once, as a crash does.</summary>
    public Task Kill() => process.Kill();

    /// <summary>Starts it again on the same port, after ending it if it still runs.</summary>
    public async Task Restart()
    {
        await End();
        process = await Launch(programs, folder, Port);
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

    static async Task<ChildProcess> Launch(string programs, string folder, int port)
    {
        string[] command =
        [
            .. AsPostgres(Path.Combine(programs, "postgres")),
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
        ];
        var process = ChildProcess.Start(command[0], command[1..], folder: folder);
        await using var source = NpgsqlDataSource.Create(
            $"Host=127.0.0.1;Port={port};Username={User};Database=postgres;Pooling=false"
        );
        await Eventually.Until(() => Answers(source), () => Task.FromResult(process.Dump()));
        return process;
    }

    static async Task<bool> Answers(NpgsqlDataSource source)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    /// PostgreSQL refuses to run as root.
    static string[] AsPostgres(string program) =>
        Environment.UserName == "root"
            ?
            [
                Requires.Program("setpriv", "util-linux"),
                $"--reuid={User}",
                $"--regid={User}",
                "--clear-groups",
                program,
            ]
            : [program];

    static async Task Run(params string[] command)
    {
        if (command[0] == "chown" && Environment.UserName != "root")
        {
            return;
        }

        await using var process = ChildProcess.Start(command[0], command[1..]);
        await process.Exited.WaitAsync(longestSetup);
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)} failed:\n{process.Dump()}");
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
