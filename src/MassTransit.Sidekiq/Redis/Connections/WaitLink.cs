using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The connection of one blocking wait: a multiplexer of its own, since a wait blocks every other command on its connection.
// It is never repaired: when it breaks, a wait may have claimed a job unnoticed, and its client id is another's.
internal sealed class WaitLink : IAsyncDisposable
{
    readonly ConnectionMultiplexer multiplexer;
    readonly PrimaryWatch primary;
    readonly ConnectionIds ids;
    volatile bool isBroken;

    WaitLink(ConnectionMultiplexer multiplexer, RedisConnection redis, IDatabase database)
    {
        (this.multiplexer, primary, ids, Database) = (multiplexer, redis.Primary, redis.Ids, database);
        multiplexer.ConnectionFailed += OnFailed;
        primary.Changed += OnPrimaryChanged;
    }

    public IDatabase Database { get; }

    // The id that CLIENT UNBLOCK takes.
    public long ClientId { get; private set; }

    public bool IsBroken => isBroken || !multiplexer.IsConnected;

    // `block` is how long a wait may take in Redis. Throws the client's exceptions.
    public static async Task<WaitLink> Open(RedisConnection redis, TimeSpan block, CancellationToken cancellationToken)
    {
        var settings = redis.Settings;
        var server = await redis.Primary.Find(cancellationToken).ConfigureAwait(false);
        var options = RedisOptions.For(settings, server, "-wait", block);
        options.AbortOnConnectFail = true;
        var multiplexer = await ConnectionMultiplexer
            .ConnectAsync(options)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);
        var open = new WaitLink(multiplexer, redis, multiplexer.GetDatabase(RedisOptions.Database(settings)));
        try
        {
            open.ClientId = (long)await open.Database.ExecuteAsync("CLIENT", "ID").ConfigureAwait(false);
            open.ids.Waits(open.ClientId);
            await open.Database.ExecuteAsync("SCRIPT", "LOAD", Script.TakeLanded.Text).ConfigureAwait(false);

            // The primary may have moved before we subscribed to that, and a wait elsewhere would never end.
            return redis.Primary.HasMoved(server)
                ? throw new RedisConnectionException(
                    ConnectionFailureType.UnableToConnect,
                    $"{RedisOptions.Address(server)} is not the primary any more."
                )
                : open;
        }
        catch
        {
            await open.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // Pending commands fail.
    public async ValueTask DisposeAsync()
    {
        ids.WaitsNoMore(ClientId);
        primary.Changed -= OnPrimaryChanged;
        multiplexer.ConnectionFailed -= OnFailed;
        await multiplexer.CloseAsync(allowCommandsToComplete: false).ConfigureAwait(false);
        multiplexer.Dispose();
    }

    void OnFailed(object? sender, ConnectionFailedEventArgs lost) => isBroken = true;

    // The old server may live on in another role.
    void OnPrimaryChanged(object? sender, EventArgs changed)
    {
        isBroken = true;
        _ = multiplexer.CloseAsync(allowCommandsToComplete: false);
    }
}
