using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// <summary>
/// Waits for a job without polling for one, and claims the one that comes.
/// 1. It blocks in Redis, on a connection of its own, until a job comes: BRPOPLPUSH, eight seconds at a time. One push wakes
///   one waiter.
/// 2. The job moves into the landing list of this process and queue, and the script sent right after it moves it to the
///   working hash: woken and claimed in one round trip. The next claim, or a rescuer when the process dies, finds what stays
///   in the landing list, so the job is never only in a socket.
/// 3. Cancellation unblocks from another connection, repeatedly until the wait has ended, since it may not have begun
///   yet. The answers then tell whether a job came after all.
/// 4. A lost connection ends the wait, after a pause that grows to two seconds: the claim reports the outage.
/// 5. A wait that Redis refuses (no permission, no memory left to move a job) ends at once as refused.
/// </summary>
internal sealed class QueueWaiter(RedisConnection redis, RedisKeys keys, ClaimStore claims, string queue)
    : IAsyncDisposable
{
    static readonly TimeSpan block = TimeSpan.FromSeconds(8);
    static readonly TimeSpan unblockAgain = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan longestUnblock = TimeSpan.FromSeconds(1);
    static readonly TimeSpan shortestPause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan longestPause = TimeSpan.FromSeconds(2);

    readonly QueueKeys names = keys.Queue(queue);
    readonly RedisKey[] touched =
    [
        keys.Queue(queue).Landing,
        keys.Queue(queue).Working,
        keys.Alive,
        keys.Paused,
        keys.Queue(queue).List,
    ];
    readonly object[] moving =
    [
        keys.Queue(queue).List,
        keys.Queue(queue).Landing,
        block.TotalSeconds.ToString(CultureInfo.InvariantCulture),
    ];
    WaitLink? link;
    TimeSpan pause = shortestPause;
    bool isRefused;

    // One wait at a time.
    public async Task<WaitResult> Wait(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var number = 0L;
            try
            {
                var open = await Open(cancellationToken).ConfigureAwait(false);
                number = claims.Reserve(1);
                var result = await Block(open, number, cancellationToken).ConfigureAwait(false);
                (pause, isRefused) = (shortestPause, false);
                if (result.End != WaitEnd.Nothing)
                {
                    return result;
                }
            }
            catch (RedisServerException missing) when (RedisErrors.IsNoScript(missing.Message))
            {
                // Redis forgot its scripts; opening a connection loads this one.
                await Disconnect().ConfigureAwait(false);
                return new WaitResult(WaitEnd.Landed);
            }
            catch (RedisServerException refused) when (!RedisErrors.IsPassing(refused.Message))
            {
                // Redis has done nothing, and the connection is intact.
                return Refused(refused);
            }
            catch (SidekiqRedisException refused)
            {
                await Disconnect().ConfigureAwait(false);
                return Refused(refused);
            }
            catch (Exception exception)
            {
                await Disconnect().ConfigureAwait(false);
                if (number == 0 && (RedisErrors.IsAuthentication(exception) || RedisErrors.IsUntrusted(exception)))
                {
                    return Refused(exception);
                }

                if (!cancellationToken.IsCancellationRequested)
                {
                    await Pause(cancellationToken).ConfigureAwait(false);
                }

                return number == 0 ? default : new WaitResult(WaitEnd.InDoubt, number);
            }
        }

        return default;
    }

    public ValueTask DisposeAsync() => Disconnect();

    // The open connection, or a new one when that has broken: the server behind it may be another one now.
    async Task<WaitLink> Open(CancellationToken cancellationToken)
    {
        if (link is { IsBroken: true })
        {
            await Disconnect().ConfigureAwait(false);
        }

        if (link is null)
        {
            link = await WaitLink.Open(redis, block, cancellationToken).ConfigureAwait(false);
            // A wait that could not be unblocked would delay the owner of its job; this one has not begun.
            await Unblock(link.ClientId).ConfigureAwait(false);
        }

        return link;
    }

    async Task<WaitResult> Block(WaitLink open, long number, CancellationToken cancellationToken)
    {
        var moved = open.Database.ExecuteAsync("BRPOPLPUSH", moving);
        var filed = open.Database.ScriptEvaluateAsync(Script.TakeLanded.Hash, touched, [queue, number]);

        try
        {
            // Its answer follows the other one directly: waiting for both would wake a thread twice.
            await Answered(open, filed, cancellationToken).ConfigureAwait(false);
            var taken = await filed.ConfigureAwait(false);
            if (taken.Resp2Type == ResultType.Array && !taken.IsNull)
            {
                // It may have landed earlier, whatever became of the move.
                moved.Forget();
                return new WaitResult(WaitEnd.Claimed, number, (byte[])taken[0]!, (long)taken[1] > 0);
            }

            var landed = !(await moved.ConfigureAwait(false)).IsNull;
            return taken.IsNull && !landed ? default : new WaitResult(WaitEnd.Landed);
        }
        catch
        {
            moved.Forget();
            filed.Forget();
            throw;
        }
    }

    // On cancellation it unblocks the connection; one that then stays silent is given up after a second.
    async Task Answered(WaitLink open, Task answer, CancellationToken cancellationToken)
    {
        if (answer.IsCompleted || !cancellationToken.CanBeCanceled)
        {
            return;
        }

        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(cancelled.SetResult).ConfigureAwait(false);
        await Task.WhenAny(answer, cancelled.Task).ConfigureAwait(false);
        if (!answer.IsCompleted)
        {
            await Unblock(open.ClientId, answer)
                .WaitAsync(longestUnblock, RealTime.Clock, CancellationToken.None)
                .ConfigureAwait(false);
        }
    }

    // If Redis cannot be reached, the wait ends with its connection, and what landed is unknown.
    async Task Unblock(long clientId, Task answer)
    {
        while (!answer.IsCompleted)
        {
            await Task.WhenAny(answer, Tell(clientId)).ConfigureAwait(false);
            await Task.WhenAny(answer, Task.Delay(unblockAgain, RealTime.Clock, CancellationToken.None))
                .ConfigureAwait(false);
        }
    }

    // A failure does not matter: it is tried again in a moment.
    async Task Tell(long clientId)
    {
        Task told = Unblock(clientId);
        await told.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    Task<RedisResult> Unblock(long clientId) =>
        redis.Control.Call("unblock", names.List, database => database.ExecuteAsync("CLIENT", "UNBLOCK", clientId));

    // Logged once, until a wait works again.
    WaitResult Refused(Exception refusal)
    {
        if (RedisErrors.RefusesWrites(refusal.Message) is { } code)
        {
            redis.Refusals.Refused(code);
        }
        else if (!isRefused)
        {
            isRefused = true;
            redis.Logger.WaitRefused(queue, RedisErrors.Cause(refusal));
        }

        return new WaitResult(WaitEnd.Refused);
    }

    async Task Pause(CancellationToken cancellationToken)
    {
        await Task.Delay(pause, RealTime.Clock, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        pause = pause * 2 < longestPause ? pause * 2 : longestPause;
    }

    async ValueTask Disconnect()
    {
        if (link is { } old)
        {
            link = null;
            await old.DisposeAsync().ConfigureAwait(false);
        }
    }
}
