using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>A real sentinel on a free loopback port, which watches one primary by the name <see cref="Service"/>.</summary>
public sealed class SentinelServer : IAsyncDisposable
{
    /// <summary>The name of the primary that it watches.</summary>
    public const string Service = "mymaster";

    readonly string folder;
    readonly string? password;
    readonly ChildProcess process;
    readonly ConnectionMultiplexer connection;
    bool isPaused;

    SentinelServer(string folder, int port, string? password, ChildProcess process, ConnectionMultiplexer connection) =>
        (this.folder, Port, this.password, this.process, this.connection) = (
            folder,
            port,
            password,
            process,
            connection
        );

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Where it listens, with its own password, which is not that of the servers.</summary>
    public RedisAddress Address => new("127.0.0.1", Port, password);

    /// <summary>Whether it is neither ended nor frozen.</summary>
    public bool IsRunning => !isPaused && !process.HasExited;

    /// <summary>What it wrote, each of its events among it, for a failed test.</summary>
    public IReadOnlyList<string> Log => process.Lines;

    /// <summary>Starts one with lines for its sentinel.conf, which it will rewrite.</summary>
    public static async Task<SentinelServer> Start(IReadOnlyList<string> configuration, string? password = null)
    {
        var (folder, port, process) = await RedisProcess.Start("sidekiq-sentinel-", configuration, asSentinel: true);
        return new SentinelServer(folder, port, password, process, await Connect(port, password));
    }

    /// <summary>A connection of the caller's own, who disposes it; for commands and for the events that it publishes.</summary>
    public Task<ConnectionMultiplexer> Connect() => Connect(Port, password);

    /// <summary>A SENTINEL command: Ask("FAILOVER", "mymaster").</summary>
    public Task<RedisResult> Ask(params object[] words) =>
        connection.GetDatabase(0).ExecuteAsync("SENTINEL", words).InTime();

    /// <summary>The port of the server that it names to clients: SENTINEL GET-MASTER-ADDR-BY-NAME.</summary>
    public async Task<int> PrimaryPort()
    {
        var address = (string[]?)await Ask("GET-MASTER-ADDR-BY-NAME", Service);
        return int.Parse(address![1], CultureInfo.InvariantCulture);
    }

    /// <summary>The primary as it sees it, field by field: SENTINEL MASTER.</summary>
    public async Task<IReadOnlyDictionary<string, string>> Primary() => Fields(await Ask("MASTER", Service));

    /// <summary>The replicas as it sees them: SENTINEL REPLICAS.</summary>
    public Task<IReadOnlyDictionary<string, string>[]> Replicas() => List("REPLICAS");

    /// <summary>The other sentinels as it sees them: SENTINEL SENTINELS.</summary>
    public Task<IReadOnlyDictionary<string, string>[]> Others() => List("SENTINELS");

    /// <summary>Ends it at once.</summary>
    public Task Kill() => process.Kill();

    /// <summary>Freezes it: it neither answers nor votes.</summary>
    public void Pause()
    {
        isPaused = true;
        process.Send(UnixSignal.Stop);
    }

    /// <summary>Lets it go on after <see cref="Pause"/>.</summary>
    public void Resume()
    {
        process.Send(UnixSignal.Continue);
        isPaused = false;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        connection.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    static async Task<ConnectionMultiplexer> Connect(int port, string? password)
    {
        var configuration = new ConfigurationOptions
        {
            EndPoints = { { "127.0.0.1", port } },
            Password = password,
            AllowAdmin = true,
            AbortOnConnectFail = false,
            TieBreaker = "",
            // A sentinel knows few commands. The client's own map for them does not let SENTINEL through in every version.
            CommandMap = CommandMap.Create(
                new HashSet<string>(StringComparer.Ordinal) { "CLUSTER", "CONFIG", "ECHO", "GET", "SELECT", "TIME" },
                available: false
            ),
        };
        return await ConnectionMultiplexer.ConnectAsync(configuration).InTime();
    }

    async Task<IReadOnlyDictionary<string, string>[]> List(string what)
    {
        var entries = (RedisResult[]?)await Ask(what, Service);
        return [.. entries!.Select(Fields)];
    }

    static IReadOnlyDictionary<string, string> Fields(RedisResult answer) =>
        ((string[]?)answer)!.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
}
