using System.Net.Sockets;
using System.Security.Authentication;

namespace MassTransit.Sidekiq;

/// Waits for a job without asking for one all the time.
/// 1. It blocks in Redis, on a connection of its own, until a job comes: BLMOVE, two seconds at a time. One push wakes
///    one waiter.
/// 2. BLMOVE puts the job into the landing list of this process and queue. The next claim looks there first, and a
///    rescuer does when the process dies, so the job is never only in a socket.
/// 3. Cancellation unblocks from the working connection, again and again until the wait has ended, for it may not yet
///    have begun. The answer of BLMOVE then tells whether a job landed after all.
/// 4. A lost connection ends the wait with false, after a pause that grows to two seconds: the outage is for the claim to
///    report. What landed unheard is found by that claim.
internal sealed class QueueWaiter(RedisConnection redis, RedisKeys keys, string queue) : IAsyncDisposable
{
    static readonly TimeSpan block = TimeSpan.FromSeconds(2);
    static readonly TimeSpan unblockAgain = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan longestUnblock = TimeSpan.FromSeconds(1);
    static readonly TimeSpan shortestPause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan longestPause = TimeSpan.FromSeconds(2);

    readonly byte[] command = BlockingConnection.Command(
        "BLMOVE",
        keys.Queue(queue).List.ToString()!,
        keys.Queue(queue).Landing.ToString()!,
        "RIGHT",
        "LEFT",
        "2"
    );
    BlockingConnection? connection;
    TimeSpan pause = shortestPause;
    int lastEndpoint;
    bool isRefused;

    /// True when a job landed; false when cancelled, or when Redis was lost. One wait at a time.
    public async Task<bool> Wait(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                connection ??= await Open(cancellationToken).ConfigureAwait(false);
                if (await Block(connection, cancellationToken).ConfigureAwait(false))
                {
                    return true;
                }

                pause = shortestPause;
            }
            catch (Exception exception) when (IsOutage(exception))
            {
                await Disconnect().ConfigureAwait(false);
                if (!cancellationToken.IsCancellationRequested)
                {
                    await Pause(exception, cancellationToken).ConfigureAwait(false);
                }

                return false;
            }
        }

        return false;
    }

    public ValueTask DisposeAsync() => Disconnect();

    static bool IsOutage(Exception exception) =>
        exception is IOException or SocketException or OperationCanceledException or AuthenticationException;

    static bool IsRefusal(Exception exception) =>
        exception is AuthenticationException
        || (exception is BlockingConnection.RefusedException && !RedisErrors.IsPassing(exception.Message));

    async Task<BlockingConnection> Open(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(redis.Settings.ConnectTimeout);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);

        var settings = RedisOptions.Direct(redis.Settings);
        var endpoints = RedisOptions.EndPoints(redis.Settings);
        return await BlockingConnection
            .Open(settings, endpoints[lastEndpoint % endpoints.Count], either.Token)
            .ConfigureAwait(false);
    }

    async Task<bool> Block(BlockingConnection open, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(block + redis.Settings.CommandTimeout);
        var moved = open.Call(command, silence.Token);

        if (!moved.IsCompleted && cancellationToken.CanBeCanceled)
        {
            var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = cancellationToken.Register(cancelled.SetResult).ConfigureAwait(false);
            await Task.WhenAny(moved, cancelled.Task).ConfigureAwait(false);
            if (!moved.IsCompleted)
            {
                silence.CancelAfter(longestUnblock);
                await Unblock(open.ClientId, moved).ConfigureAwait(false);
            }
        }

        return await moved.ConfigureAwait(false) is not null;
    }

    /// If Redis cannot be told, the wait ends all the same: with its connection, and without knowing what landed.
    async Task Unblock(long clientId, Task moved)
    {
        while (!moved.IsCompleted)
        {
            try
            {
                var database = await redis.Working.Database().ConfigureAwait(false);
                var told = database.ExecuteAsync("CLIENT", "UNBLOCK", clientId);
                await Task.WhenAny(moved, told).ConfigureAwait(false);
            }
            catch (Exception exception) when (RedisErrors.IsRedis(exception) || exception is ConnectionException)
            {
                // Asked again in a moment.
            }

            await Task.WhenAny(moved, Task.Delay(unblockAgain, RedisLink.Time, CancellationToken.None))
                .ConfigureAwait(false);
        }
    }

    async Task Pause(Exception exception, CancellationToken cancellationToken)
    {
        // The next of several servers may be the primary, or there at all.
        lastEndpoint++;
        if (!isRefused && IsRefusal(exception))
        {
            isRefused = true;
            redis.Logger.WaitRefused(queue, exception.Message);
        }

        await Task.Delay(pause, RedisLink.Time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        pause = pause * 2 < longestPause ? pause * 2 : longestPause;
    }

    async ValueTask Disconnect()
    {
        if (connection is { } old)
        {
            connection = null;
            await old.DisposeAsync().ConfigureAwait(false);
        }
    }
}
