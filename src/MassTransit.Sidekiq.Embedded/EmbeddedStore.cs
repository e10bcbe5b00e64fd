using System.Net;
using Garnet;
using Garnet.networking;
using Garnet.server;
using Microsoft.Extensions.Logging;
using Tsavorite.core;

namespace MassTransit.Sidekiq;

/// <summary>
/// Garnet, without its network. Garnet runs each command of a script on its own: it isolates scripts by locking the keys that
/// they declare, and ours find theirs as they run. Two rules make each script the atomic step that it is in Redis.
/// 1. Turns: one client's commands run at a time (<see cref="Turns" />), so no other command comes between two of a script.
/// 2. Commits lie between turns: what a crash leaves on disk is the state after a turn, never the middle of one.
/// A reply leaves after the commit of its turn, so what a client was told survives the process. One commit serves all that wait.
/// </summary>
internal sealed class EmbeddedStore : GarnetServer
{
    // Bytes of commands to one database since its last checkpoint after which a start would replay too much.
    const long CheckpointAfter = 64 * 1024 * 1024;

    readonly ILogger logger;
    readonly string folder;
    readonly SilentNetwork network;
    readonly Lock commits = new();
    Task running = Task.CompletedTask;
    Task? waiting;
    TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Dictionary<int, long> uncheckpointed = [];

    EmbeddedStore(GarnetServerOptions options, SilentNetwork network, string folder, ILogger logger)
        : base(options, loggerFactory: null, [network])
    {
        (this.network, this.folder, this.logger) = (network, folder, logger);
    }

    // Held while commands run.
    public Lock Turns { get; } = new();

    public ScriptDialect Scripts { get; } = new();

    public ClientList Clients { get; } = new();

    // Completes at the end of the next turn that may have changed something.
    public Task Changed => Volatile.Read(ref changed).Task;

    public static EmbeddedStore Open(string folder, int databases, ILogger logger)
    {
        var network = new SilentNetwork();
        var store = new EmbeddedStore(Options(folder, databases), network, folder, logger);
        store.Start();
        return store;
    }

    // In a turn.
    public IMessageConsumer NewSession(INetworkSender replies) => network.NewSession(replies);

    // In a turn: this many bytes of commands ran on a database.
    public void Count(int database, int bytes) =>
        uncheckpointed[database] = uncheckpointed.GetValueOrDefault(database) + bytes;

    // After a turn.
    public void Touch() =>
        Interlocked
            .Exchange(ref changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))
            .SetResult();

    // Completes when the turns before it are on disk.
    public Task Commit()
    {
        lock (commits)
        {
            return waiting ??= running = Next(running);
        }
    }

    public void Close()
    {
        lock (Turns)
        {
            Checkpoint(after: 0);
        }

        Dispose();
    }

    async Task Next(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            ValueTask<bool> commit;
            lock (Turns)
            {
                lock (commits)
                {
                    // What comes from now on needs the next one.
                    waiting = null;
                }

                commit = Store.CommitAOFAsync(CancellationToken.None);
                Checkpoint(CheckpointAfter);
            }

            await commit.ConfigureAwait(false);
        }
        catch (Exception failed)
        {
            logger.CommitFailed(failed, folder);
            throw;
        }
    }

    // In a turn, which all wait for. Shortens the log of each database that got this many bytes to what comes after.
    void Checkpoint(long after)
    {
        foreach (var (database, bytes) in uncheckpointed.ToList())
        {
            if (bytes > after)
            {
                uncheckpointed[database] = 0;
                storeWrapper.TakeCheckpointAsync(background: false, database).GetAwaiter().GetResult();
            }
        }
    }

    static GarnetServerOptions Options(string folder, int databases) =>
        new()
        {
            QuietMode = true,
            EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            MaxDatabases = databases,
            EnableLua = true,
            LuaOptions = new LuaOptions(),
            LogDir = folder,
            CheckpointDir = folder,
            // The one that needs no native library.
            DeviceType = DeviceType.RandomAccess,
            // Beyond this much memory, data goes to disk; without the tier it would be dropped.
            EnableStorageTier = true,
            LogMemorySize = "256m",
            PageSize = "4m",
            IndexMemorySize = "4m",
            SegmentSize = "64m",
            ObjectLogSegmentSize = "64m",
            EnableAOF = true,
            // Commits are ours.
            CommitFrequencyMs = -1,
            // A command has to fit into a page.
            AofPageSize = "32m",
            AofMemorySize = "64m",
            AofSegmentSize = "64m",
            Recover = true,
            FailOnRecoveryError = true,
        };

    // Hands out sessions; clients have their sockets elsewhere.
    sealed class SilentNetwork() : GarnetServerBase(new IPEndPoint(IPAddress.Loopback, 0), 1 << 10)
    {
        public IMessageConsumer NewSession(INetworkSender replies) =>
            GetSessionProviders()[WireFormat.ASCII].GetSession(WireFormat.ASCII, replies);

        public override IEnumerable<IMessageConsumer> ActiveConsumers() => [];

        public override IEnumerable<IClusterSession> ActiveClusterSessions() => [];

        public override void Start() { }

        public override void Close() { }
    }
}
