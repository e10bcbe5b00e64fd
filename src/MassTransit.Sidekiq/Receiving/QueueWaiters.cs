namespace MassTransit.Sidekiq;

/// Waits in Redis for the next job of any of an endpoint's queues: one blocking connection a queue, made at the first
/// wait. Beyond eight queues the rest is looked at ten times a second instead, since a connection each would cost more.
internal sealed class QueueWaiters(SidekiqProcess process, IReadOnlyList<string> queues, TimeProvider clock)
    : IAsyncDisposable
{
    const int MostConnections = 8;

    static readonly TimeSpan pollInterval = TimeSpan.FromMilliseconds(100);

    /// How long after its release a paused queue is served again.
    static readonly TimeSpan pausedInterval = TimeSpan.FromSeconds(1);

    readonly QueueWaiter?[] waiters = new QueueWaiter?[Math.Min(queues.Count, MostConnections)];
    readonly Task<WaitResult>?[] waits = new Task<WaitResult>?[Math.Min(queues.Count, MostConnections)];
    CancellationTokenSource called = new();
    bool isPolling;

    /// Completes when a job has landed, or when a wait ended for another reason and should be begun anew.
    public Task Landed(IReadOnlyList<int> paused, CancellationToken stopping)
    {
        for (var i = 0; i < waits.Length; i++)
        {
            if (waits[i] is null && !paused.Contains(i))
            {
                waiters[i] ??= process.CreateWaiter(queues[i]);
                waits[i] = waiters[i]!.Wait(called.Token);
            }
        }

        var running = waits.OfType<Task>();
        if (queues.Count > MostConnections || paused.Count > 0)
        {
            isPolling = true;
            running = running.Append(Task.Delay(paused.Count > 0 ? pausedInterval : pollInterval, clock, stopping));
        }

        return waits.Length == 1 && waits[0] is { } only && !isPolling ? only : Task.WhenAny(running);
    }

    public int Running => waits.Count(wait => wait is { IsCompleted: false });

    /// Whether it is time to look at the queues that nobody waits for.
    public bool TakePolled() => Interlocked.Exchange(ref isPolling, value: false);

    /// The waits that have ended since the last call, by the position of their queue.
    public List<(int Queue, WaitResult Result)> TakeEnded()
    {
        var ended = new List<(int, WaitResult)>(1);
        for (var i = 0; i < waits.Length; i++)
        {
            if (waits[i] is { IsCompletedSuccessfully: true } wait)
            {
                waits[i] = null;
                ended.Add((i, wait.Result));
            }
        }

        return ended;
    }

    /// Ends all waits at once. What they brought all the same returns to the head of its queue.
    public async Task CallOff(LostClaims lost)
    {
        if (!Array.Exists(waits, wait => wait is not null))
        {
            return;
        }

        await called.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(waits.OfType<Task>()).ConfigureAwait(false);
        called.Dispose();
        called = new CancellationTokenSource();

        // A landing list that cannot be emptied now the next claim finds; a number that is not noted here nobody would.
        foreach (var (queue, wait) in TakeEnded().OrderBy(ended => ended.Result.End == WaitEnd.Landed))
        {
            switch (wait.End)
            {
                case WaitEnd.Claimed:
                    await lost.PutBack(queues[queue], wait.Number).ConfigureAwait(false);
                    break;

                case WaitEnd.InDoubt:
                    lost.Add(wait.Number, 1);
                    break;

                case WaitEnd.Landed:
                    await process.Claims.ReturnLanding(queues[queue]).ConfigureAwait(false);
                    break;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var waiter in waiters)
        {
            if (waiter is not null)
            {
                await waiter.DisposeAsync().ConfigureAwait(false);
            }
        }

        called.Dispose();
    }
}
