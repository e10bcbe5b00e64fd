using System.Globalization;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// A real primary with its replicas and the sentinels that watch them. The sentinels replace a primary that is killed, and make
/// one that comes back a replica, in their own time or in that of the test (<see cref="HoldDemotion"/>, <see cref="Demote"/>).
/// </summary>
public sealed class RedisReplication : IAsyncDisposable
{
    const int HelloPeriod = 2_000;

    // Real sentinels ask and connect once a second, so that one that needs a second try takes the new primary for dead too.
    const int PingPeriod = 200;
    const int InfoPeriod = 10_000;

    readonly RedisReplicationOptions options;
    readonly List<RedisServer> servers = [];
    readonly List<SentinelServer> sentinels = [];

    RedisReplication(RedisReplicationOptions options) => this.options = options;

    /// <summary>The primary: at first the one that was started as such, then what <see cref="WaitForNewPrimary"/> found.</summary>
    public RedisServer Primary { get; private set; } = null!;

    /// <summary>The servers that are not the primary, also those that are down.</summary>
    public IReadOnlyList<RedisServer> Replicas => [.. servers.Where(server => server != Primary)];

    /// <summary>All servers, the first primary first.</summary>
    public IReadOnlyList<RedisServer> Servers => servers;

    /// <summary>The sentinels, also those that are down.</summary>
    public IReadOnlyList<SentinelServer> Sentinels => sentinels;

    /// <summary>A configuration string of StackExchange.Redis that names all servers, with the password.</summary>
    public string ConnectionString =>
        string.Join(',', servers.Select(server => $"127.0.0.1:{server.Port}")) + Suffix(options.Servers.Password);

    /// <summary>The same that names the sentinels, and the service; passwords of sentinels are not among it.</summary>
    public string SentinelConnectionString =>
        string.Join(',', sentinels.Select(sentinel => $"127.0.0.1:{sentinel.Port}"))
        + $",serviceName={SentinelServer.Service}"
        + Suffix(options.Servers.Password);

    /// <summary>Starts all of them; returns when the replicas are in sync and each sentinel knows everybody.</summary>
    public static async Task<RedisReplication> Start(RedisReplicationOptions? options = null)
    {
        var replication = new RedisReplication(options ?? new RedisReplicationOptions());
        try
        {
            await replication.StartAll();
            return replication;
        }
        catch
        {
            await replication.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the primary at once, and returns it.</summary>
    public async Task<RedisServer> KillPrimary()
    {
        await Primary.Kill();
        return Primary;
    }

    /// <summary>
    /// Starts a server that is down. As a primary it comes back as its own configuration would have it, until the sentinels
    /// demote it; else as a replica of <see cref="Primary"/>.
    /// </summary>
    public Task Restart(RedisServer server, bool asPrimary) =>
        server.Restart(options.Server(servers.IndexOf(server), asPrimary ? null : Primary));

    /// <summary>Has the sentinels replace a primary that works; <see cref="WaitForNewPrimary"/> tells when they have.</summary>
    public Task PlannedFailover() =>
        sentinels.First(sentinel => sentinel.IsRunning).Ask("FAILOVER", SentinelServer.Service);

    /// <summary>
    /// Waits until each running sentinel sends its clients to one server that is not <see cref="Primary"/>, and that takes
    /// writes; returns it.
    /// </summary>
    public async Task<RedisServer> WaitForNewPrimary()
    {
        RedisServer? found = null;
        await Eventually.Until(
            async () =>
            {
                found = await Named() is { } named && named != Primary ? named : null;
                return found is not null && await ReplicationState.Of(found) is { IsPrimary: true };
            },
            Dump
        );
        Primary = found!;
        await Primary.Reconnect();
        return Primary;
    }

    /// <summary>
    /// Waits until the given servers, or else all but the primary, are replicas that have what it had when this was called.
    /// </summary>
    public async Task WaitForReplicas(params RedisServer[] replicas)
    {
        var wanted = replicas is [] ? Replicas : replicas;
        ReplicationState? primary = null;
        await Eventually.Until(
            async () =>
            {
                var now = await ReplicationState.Of(Primary);
                // It starts another history when its first replica comes.
                primary = primary?.Id == now?.Id ? primary : now;
                var states = await Task.WhenAll(wanted.Select(ReplicationState.Of));
                return primary is not null
                    && states.All(state =>
                        state is { IsPrimary: false, IsLinked: true }
                        && state.Id == primary.Id
                        && state.Offset >= primary.Offset
                    );
            },
            Dump
        );
        await Task.WhenAll(wanted.Select(replica => replica.Reconnect()));
    }

    /// <summary>Waits until each running sentinel sees the primary, all replicas and the other sentinels at work, and no failover.</summary>
    public async Task WaitForSentinels()
    {
        foreach (var sentinel in sentinels.Where(sentinel => sentinel.IsRunning))
        {
            await Eventually.Until(() => SeesAll(sentinel), Dump);
        }
    }

    /// <summary>
    /// Lets a primary that comes back stay one until <see cref="Demote"/>: the sentinels look at its role no more. By themselves
    /// they would demote it 8 to 11 s after they have met it.
    /// </summary>
    public Task HoldDemotion() => Tune("INFO-PERIOD", (int)TimeSpan.FromHours(1).TotalMilliseconds);

    /// <summary>Has the sentinels make a server a replica of <see cref="Primary"/> now; returns when it is in sync.</summary>
    public async Task Demote(RedisServer server)
    {
        // A sentinel demotes a server that calls itself a primary for four hello periods, when it looks at its role.
        await Tune("PUBLISH-PERIOD", 100, "INFO-PERIOD", 100);
        await WaitForReplicas(server);
        await Tune("PUBLISH-PERIOD", HelloPeriod, "INFO-PERIOD", InfoPeriod);
    }

    /// <summary>What each server says and the sentinels wrote, for a failed test.</summary>
    public async Task<string> Dump()
    {
        var states = await Task.WhenAll(servers.Select(ReplicationState.Of));
        return string.Join(
            '\n',
            servers
                .Select((server, index) => $"{server.Port}: {states[index]?.ToString() ?? "does not answer"}")
                .Concat(
                    sentinels.Select(sentinel => $"{sentinel.Port}:\n{string.Join('\n', sentinel.Log.TakeLast(30))}")
                )
        );
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // The sentinels first, or they would promote the last of the servers.
        await Task.WhenAll(sentinels.Select(sentinel => sentinel.DisposeAsync().AsTask()));
        await Task.WhenAll(servers.Select(server => server.DisposeAsync().AsTask()));
    }

    async Task StartAll()
    {
        // A replica that finds no primary tries again a second later, so that one is first.
        Primary = await RedisServer.StartOwn(options.Server(0, replicaOf: null));
        servers.Add(Primary);
        var replicas = Enumerable.Range(1, options.Priorities.Count);
        servers.AddRange(
            await Task.WhenAll(replicas.Select(index => RedisServer.StartOwn(options.Server(index, Primary))))
        );
        await WaitForReplicas();
        foreach (var server in servers)
        {
            // Redis removes it within a second; one that keeps nothing and starts again before would read it.
            File.Delete(Path.Combine(server.Folder, "dump.rdb"));
        }

        var lines = options.Sentinel(Primary);
        sentinels.AddRange(
            await Task.WhenAll(
                Enumerable
                    .Range(0, options.Sentinels)
                    .Select(_ => SentinelServer.Start(lines, options.SentinelPassword))
            )
        );
        // They tell each other of themselves every two seconds; that would be how long each test waits.
        await Tune("PUBLISH-PERIOD", 100, "PING-PERIOD", PingPeriod);
        await WaitForSentinels();
        await Tune("PUBLISH-PERIOD", HelloPeriod);
    }

    static string Suffix(string? password) => password is null ? "" : $",password={password}";

    Task Tune(params object[] settings) =>
        Task.WhenAll(
            sentinels.Where(sentinel => sentinel.IsRunning).Select(sentinel => sentinel.Ask(["DEBUG", .. settings]))
        );

    // The server that the running sentinels name; null while they do not agree.
    async Task<RedisServer?> Named()
    {
        var ports = await Task.WhenAll(
            sentinels.Where(sentinel => sentinel.IsRunning).Select(sentinel => sentinel.PrimaryPort())
        );
        return ports.Distinct().ToArray() is [var port] ? servers.Single(server => server.Port == port) : null;
    }

    async Task<bool> SeesAll(SentinelServer sentinel)
    {
        var primary = await sentinel.Primary();
        var replicas = await sentinel.Replicas();
        var others = await sentinel.Others();
        return primary["flags"] == "master"
            && primary["port"] == Primary.Port.ToString(CultureInfo.InvariantCulture)
            && replicas.Length == options.Priorities.Count
            && replicas.All(replica => replica["flags"] == "slave" && replica["master-link-status"] == "ok")
            && others.Length == options.Sentinels - 1
            && others.All(other => other["flags"] == "sentinel");
    }
}
