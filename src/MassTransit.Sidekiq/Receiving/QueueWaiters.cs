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
    readonly Task<bool>?[] waits = new Task<bool>?[Math.Min(queues.Count, MostConnections)];
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

    /// Whether a wait has ended since the last call: a job landed, or Redis was lost, which the next claim tells.
    public bool TakeLanded()
    {
        var landed = isPolling;
        isPolling = false;
        for (var i = 0; i < waits.Length; i++)
        {
            if (waits[i] is { IsCompleted: true })
            {
                landed = true;
                waits[i] = null;
            }
        }

        return landed;
    }

    /// Ends all waits at once. A job that landed meanwhile returns to the head of its queue.
    public async Task CallOff()
    {
        if (!Array.Exists(waits, wait => wait is not null))
        {
            return;
        }

        await called.CancelAsync().ConfigureAwait(false);
        for (var i = 0; i < waits.Length; i++)
        {
            if (waits[i] is { } wait)
            {
                waits[i] = null;
                if (await wait.ConfigureAwait(false))
                {
                    await process.Claims.ReturnLanding(queues[i]).ConfigureAwait(false);
                }
            }
        }

        called.Dispose();
        called = new CancellationTokenSource();
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
