using StackExchange.Redis;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>How a private server differs from the shared one.</summary>
public sealed record RedisServerOptions
{
    /// <summary>The password of the default user. Default: none.</summary>
    public string? Password { get; init; }

    /// <summary>Users besides the default one, each as in an ACL file: "alice on >secret ~queue:* +@all".</summary>
    public IReadOnlyList<string> Users { get; init; } = [];

    /// <summary>Whether a restart finds the data again (append-only file, synced at each write). Default: no.</summary>
    public bool AppendOnly { get; init; }

    /// <summary>Further lines of redis.conf: "maxmemory 2mb".</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];
}

/// <summary>
/// A real redis-server on a free loopback port. Tests share one, each with a database number of its own (<see cref="Lease"/>);
/// a test that kills, pauses or configures a server, or uses pub/sub, takes one for itself (<see cref="StartOwn"/>).
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    /// <summary>How many databases our servers have.</summary>
    public const int Databases = 512;

    readonly string folder;
    RedisServerOptions options;
    ChildProcess process;
    ConnectionMultiplexer connection;

    RedisServer(string folder, RedisServerOptions options, int port, ChildProcess process)
    {
        (this.folder, this.options, Port, this.process) = (folder, options, port, process);
        connection = null!;
    }

    /// <summary>Where it listens, on 127.0.0.1; a restart keeps it.</summary>
    public int Port { get; }

    /// <summary>Where it listens, with the password of the default user.</summary>
    public RedisAddress Address => new("127.0.0.1", Port, options.Password);

    /// <summary>A configuration string of StackExchange.Redis, with the password, without a database.</summary>
    public string ConnectionString =>
        $"127.0.0.1:{Port}" + (options.Password is null ? "" : $",password={options.Password}");

    /// <summary>Its process id; a restart changes it.</summary>
    public int ProcessId => process.Id;

    /// <summary>Where it keeps its files until it is disposed.</summary>
    public string Folder => folder;

    /// <summary>What it wrote, for a failed test.</summary>
    public IReadOnlyList<string> Log => process.Lines;

    /// <summary>A database of the shared server, empty and nobody else's until it is disposed.</summary>
    public static Task<RedisDatabase> Lease() => SharedRedis.Lease();

    /// <summary>A server for this test alone.</summary>
    public static async Task<RedisServer> StartOwn(RedisServerOptions? options = null)
    {
        options ??= new RedisServerOptions();
        var (folder, port, process) = await RedisProcess.Start("sidekiq-redis-", [.. Configuration(options)]);
        var server = new RedisServer(folder, options, port, process);
        server.connection = await server.Connect();
        return server;
    }

    /// <summary>A view of one of its databases.</summary>
    public RedisDatabase Open(int database = 0) =>
        new(() => connection, Address, database, () => ValueTask.CompletedTask);

    /// <summary>A connection of the caller's own, who disposes it.</summary>
    public async Task<ConnectionMultiplexer> Connect()
    {
        var configuration = ConfigurationOptions.Parse(ConnectionString);
        configuration.AllowAdmin = true;
        configuration.AbortOnConnectFail = false;
        return await ConnectionMultiplexer.ConnectAsync(configuration).InTime();
    }

    /// <summary>Who is connected and what each does, as CLIENT LIST tells it.</summary>
    public async Task<string> Clients() => (string)(await Open().Db.ExecuteAsync("CLIENT", "LIST"))!;

    /// <summary>Ends it at once; clients see their connections break.</summary>
    public Task Kill() => process.Kill();

    /// <summary>Ends it in order.</summary>
    public Task Stop() => process.Stop();

    /// <summary>Starts it again on the same port, after ending it if it still runs; with other options, if there are any.</summary>
    public async Task Restart(RedisServerOptions? changed = null)
    {
        options = changed ?? options;
        await process.DisposeAsync();
        process = await RedisProcess.Restart(folder, Port, [.. Configuration(options)]);
        connection.Dispose();
        connection = await Connect();
    }

    /// <summary>Connects again for <see cref="Open"/> if it must: a server that changes its role closes its connections.</summary>
    public async Task Reconnect()
    {
        try
        {
            await connection.GetDatabase(0).PingAsync().InTime();
        }
        catch (Exception lost) when (lost is RedisException or TimeoutException)
        {
            connection.Dispose();
            connection = await Connect();
        }
    }

    /// <summary>Freezes it: connections stay open and nobody answers. It stands when this returns.</summary>
    public void Pause()
    {
        process.Send(UnixSignal.Stop);
        if (Directory.Exists("/proc/self"))
        {
            SpinWait.SpinUntil(() => process.IsStopped, Eventually.Guard);
        }
    }

    /// <summary>Lets it go on after <see cref="Pause"/>.</summary>
    public void Resume() => process.Send(UnixSignal.Continue);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // In this order: a client that closes first asks the server to QUIT, and waits a second for it.
        await process.DisposeAsync();
        connection.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    static IEnumerable<string> Configuration(RedisServerOptions options)
    {
        yield return $"databases {Databases}";
        yield return "save \"\"";
        yield return options.AppendOnly ? "appendonly yes" : "appendonly no";
        yield return "appendfsync always";
        if (options.Password is not null)
        {
            yield return $"requirepass {options.Password}";
        }

        foreach (var line in options.Users.Select(user => $"user {user}").Concat(options.Lines))
        {
            yield return line;
        }
    }
}
