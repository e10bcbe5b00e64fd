using System.Net;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// <summary>
/// Which server takes writes: one decision for all connections of a bus.
/// 1. A single server: that one. A multiplexer of the user's own: the primary it is connected to.
/// 2. Several servers, or sentinels: they are asked (`IPrimarySource`) once a second, four times a second while the primary
///   is unknown, and at once when a sentinel announces a switch. Nothing else decides: a server that comes back as a primary
///   after its replica was promoted is not written to because it happens to answer first.
/// 3. When the answer changes, every connection moves.
/// </summary>
internal sealed class PrimaryWatch : IAsyncDisposable
{
    static readonly TimeSpan period = TimeSpan.FromSeconds(1);
    static readonly TimeSpan searchPeriod = TimeSpan.FromMilliseconds(250);

    readonly RedisSettings settings;
    readonly IPrimarySource? source;
#pragma warning disable CA2213 // It holds nothing once cancelled, and a late look may still read it
    readonly CancellationTokenSource closed = new();
#pragma warning restore CA2213
    readonly WakeUp asked = new();
    readonly Lock gate = new();
    TaskCompletionSource looked = NewLook();
    Task watching = Task.CompletedTask;
    volatile EndPoint? current;
    EndPoint? last;
    Exception? fault;
    int losses;
    bool hasBegun;

    public PrimaryWatch(RedisSettings settings)
    {
        this.settings = settings;
        var servers = RedisOptions.EndPoints(settings);
        source = settings switch
        {
            { Connection: not null } => null,
            { Options.ServiceName: { Length: > 0 } service } => new Sentinels(settings, service, asked.Set),
            _ when servers.Count > 1 => new Replicas(settings),
            _ => null,
        };
        current = source is null && settings.Connection is null ? servers[0] : null;
    }

    // Another server is the primary now. Handlers return at once.
    public event EventHandler? Changed;

    // Whether servers may replace each other: a broken connection is then not repaired, since the server behind it may come
    // back in another role.
    public bool MayChange => source is not null;

    // Throws RedisConnectionException when the primary is unknown at the moment.
    public async ValueTask<EndPoint> Find(CancellationToken cancellationToken = default)
    {
        if (settings.Connection is { } external)
        {
            return PrimaryOf(external) ?? throw Unknown();
        }

        if (source is not null)
        {
            Begin();
            if (current is null)
            {
                await NextLook()
                    .WaitAsync(settings.CommandTimeout, RealTime.Clock, cancellationToken)
                    .ConfigureAwait(false);
            }
        }

        return current ?? throw Unknown();
    }

    // A connection to this server broke. It is not used again before the source has named it again.
    public void Lost(EndPoint server)
    {
        if (MayChange && server.Equals(current))
        {
            Interlocked.Increment(ref losses);
            current = null;
        }

        asked.Set();
    }

    // Whether the primary is known and is another server than this.
    public bool HasMoved(EndPoint? server) => MayChange && current is { } known && !known.Equals(server);

    // The client looks at a server's role when it connects, when told to, and once a minute.
    public static async Task<bool> HasPrimary(IConnectionMultiplexer connection, bool lookAgain)
    {
        if (lookAgain || PrimaryOf(connection) is null)
        {
            await connection.ConfigureAsync().ConfigureAwait(false);
        }

        return PrimaryOf(connection) is not null;
    }

    // Null when it is connected to none.
    public static EndPoint? PrimaryOf(IConnectionMultiplexer connection) =>
        Array.Find(
            connection.GetEndPoints(),
            endpoint => connection.GetServer(endpoint) is { IsConnected: true, IsReplica: false }
        );

    public async ValueTask DisposeAsync()
    {
        await closed.CancelAsync().ConfigureAwait(false);
        await watching.ConfigureAwait(false);
        if (source is not null)
        {
            await source.DisposeAsync().ConfigureAwait(false);
        }
    }

    static TaskCompletionSource NewLook() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    RedisConnectionException Unknown() =>
        new(ConnectionFailureType.UnableToConnect, $"No primary is known at {settings.Address}.", fault);

    void Begin()
    {
        lock (gate)
        {
            if (!hasBegun && !closed.IsCancellationRequested)
            {
                hasBegun = true;
                watching = Task.Run(Watch);
            }
        }
    }

    Task NextLook()
    {
        lock (gate)
        {
            return looked.Task;
        }
    }

    async Task Watch()
    {
        while (!closed.IsCancellationRequested)
        {
            await Look().ConfigureAwait(false);
            await asked
                .Wait(current is null ? searchPeriod : period, RealTime.Clock, closed.Token)
                .ConfigureAwait(false);
        }
    }

    // Never fails: a source that cannot be asked now is asked again.
    async Task Look()
    {
        var lossesBefore = Volatile.Read(ref losses);
        try
        {
            var found = await source!.Find(current, closed.Token).ConfigureAwait(false);
            // An answer from before a connection broke is no evidence about the server after it.
            if (found is not null && lossesBefore == Volatile.Read(ref losses))
            {
                var hasChanged = last is not null && !found.Equals(last);
                (current, last, fault) = (found, found, null);
                if (hasChanged)
                {
                    Changed?.Invoke(this, EventArgs.Empty);
                }
            }
        }
        catch (Exception exception)
        {
            // The connections report the outage, with this as its cause.
            fault = exception;
        }

        TaskCompletionSource done;
        lock (gate)
        {
            (done, looked) = (looked, NewLook());
        }

        done.SetResult();
    }
}
