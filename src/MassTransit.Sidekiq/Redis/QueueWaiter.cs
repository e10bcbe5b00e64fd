using System.Net.Sockets;

namespace MassTransit.Sidekiq;

/// Waits for a job without asking for one all the time, and claims the one that comes.
/// 1. It blocks in Redis, on a connection of its own, until a job comes: BLMOVE, five seconds at a time. One push wakes
///    one waiter.
/// 2. BLMOVE puts the job into the landing list of this process and queue, and the script written behind it files it in
///    the working hash: woken and claimed in one round trip. Whatever stays in the landing list the next claim finds, or
///    a rescuer when the process dies, so the job is never only in a socket.
/// 3. Cancellation unblocks from the working connection, again and again until the wait has ended, for it may not yet
///    have begun. The answers then tell whether a job came after all.
/// 4. A lost connection ends the wait, after a pause that grows to two seconds: the outage is for the claim to report.
internal sealed class QueueWaiter(RedisConnection redis, RedisKeys keys, ClaimStore claims, string queue)
    : IAsyncDisposable
{
    static readonly TimeSpan block = TimeSpan.FromSeconds(5);
    static readonly TimeSpan unblockAgain = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan longestUnblock = TimeSpan.FromSeconds(1);
    static readonly TimeSpan shortestPause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan longestPause = TimeSpan.FromSeconds(2);

    static readonly byte[] loading = BareConnection.Command("SCRIPT", "LOAD", Script.TakeLanded.Text);

    readonly WaitCommand command = new(keys, queue, block);
    BareConnection? connection;
    TimeSpan pause = shortestPause;
    int lastEndpoint;
    bool isRefused;

    /// One wait at a time.
    public async Task<WaitResult> Wait(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var number = 0L;
            try
            {
                connection ??= await Open(cancellationToken).ConfigureAwait(false);
                number = claims.Reserve(1);
                var result = await Block(connection, number, cancellationToken).ConfigureAwait(false);
                if (result.End != WaitEnd.Nothing)
                {
                    return result;
                }

                pause = shortestPause;
            }
            catch (BareConnection.RefusedException missing) when (RedisErrors.IsNoScript(missing.Message))
            {
                // Redis forgot its scripts; whoever opens a connection loads this one.
                await Disconnect().ConfigureAwait(false);
                return new WaitResult(WaitEnd.Landed);
            }
            catch (Exception exception)
            {
                await Disconnect().ConfigureAwait(false);
                if (!cancellationToken.IsCancellationRequested)
                {
                    await Pause(exception, cancellationToken).ConfigureAwait(false);
                }

                return number == 0 ? default : new WaitResult(WaitEnd.InDoubt, number);
            }
        }

        return default;
    }

    public ValueTask DisposeAsync() => Disconnect();

    static bool IsRefusal(Exception exception) =>
        exception is BareConnection.RefusedException
            ? !RedisErrors.IsPassing(exception.Message)
            : exception is not (IOException or SocketException or OperationCanceledException);

    async Task<BareConnection> Open(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(redis.Settings.ConnectTimeout);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);

        var settings = RedisOptions.Direct(redis.Settings);
        var endpoints = RedisOptions.EndPoints(redis.Settings);
        var open = await BareConnection
            .Open(settings, endpoints[lastEndpoint % endpoints.Count], "wait", either.Token)
            .ConfigureAwait(false);
        try
        {
            await open.Call(loading, either.Token).ConfigureAwait(false);
            return open;
        }
        catch
        {
            await open.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    async Task<WaitResult> Block(BareConnection open, long number, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(block + redis.Settings.CommandTimeout);
        await open.Write(command.For(number), silence.Token).ConfigureAwait(false);
        var moved = open.Read(silence.Token).AsTask();

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

        var landed = await moved.ConfigureAwait(false) is not null;
        return await open.Read(silence.Token).ConfigureAwait(false) switch
        {
            object?[] taken => new WaitResult(WaitEnd.Claimed, number, (byte[])taken[0]!, (long)taken[1]! > 0),
            null when !landed => default,
            _ => new WaitResult(WaitEnd.Landed),
        };
    }

    /// If Redis cannot be told, the wait ends all the same: with its connection, and without knowing what landed.
    async Task Unblock(long clientId, Task moved)
    {
        while (!moved.IsCompleted)
        {
            await Task.WhenAny(moved, Tell(clientId)).ConfigureAwait(false);
            await Task.WhenAny(moved, Task.Delay(unblockAgain, RedisLink.Time, CancellationToken.None))
                .ConfigureAwait(false);
        }
    }

    /// A failure is no news: it is told again in a moment.
    async Task Tell(long clientId)
    {
        Task told = redis.Working.Call(
            "unblock",
            keys.Queue(queue).List,
            database => database.ExecuteAsync("CLIENT", "UNBLOCK", clientId)
        );
        await told.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
