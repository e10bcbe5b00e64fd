namespace MassTransit.Sidekiq;

// Waits for the next job of any of an endpoint's queues: with a blocking command on a separate connection for each queue that
// gets one (`WaitingLines`), and by the polling that the process shares for the others (`QueueLookout`).
internal sealed class QueueWaiters(
    SidekiqProcess process,
    IReadOnlyList<string> queues,
    bool isTemporary,
    TimeProvider clock
) : IAsyncDisposable
{
    // How long a queue is polled before it is waited for again, after Redis refused the wait.
    static readonly TimeSpan refusedInterval = TimeSpan.FromSeconds(5);

    // How long after its release a paused queue is served again.
    static readonly TimeSpan pausedInterval = TimeSpan.FromSeconds(1);

    readonly QueueWaiter?[] waiters = new QueueWaiter?[queues.Count];
    readonly Task<WaitResult>?[] waits = new Task<WaitResult>?[queues.Count];
    readonly Task?[] looks = new Task?[queues.Count];
    readonly long?[] refusedAt = new long?[queues.Count];
    CancellationTokenSource called = new();
    Task? pause;

    // Completes when a job has landed or a queue seems to have one, when a wait ended for another reason and should be
    // restarted, or at the latest after `limit`.
    public Task Landed(IReadOnlyList<int> paused, TimeSpan? limit, CancellationToken stopping)
    {
        for (var i = 0; i < waits.Length; i++)
        {
            if (!paused.Contains(i))
            {
                Wait(i);
            }
        }

        pause = paused.Count > 0 ? Task.Delay(pausedInterval, clock, stopping) : null;
        var latest = limit is { } time ? Task.Delay(time, clock, stopping) : null;
        Task[] running = [.. waits.OfType<Task>(), .. looks.OfType<Task>(), .. new[] { pause, latest }.OfType<Task>()];
        return running.Length == 1 ? running[0] : Task.WhenAny(running);
    }

    public int Running => waits.Count(wait => wait is { IsCompleted: false });

    // Whether it is time to claim from queues without a wait.
    public bool TakeLooks()
    {
        var isTime = pause is { IsCompleted: true };
        pause = null;
        for (var i = 0; i < looks.Length; i++)
        {
            if (looks[i] is { IsCompleted: true })
            {
                looks[i] = null;
                isTime = true;
            }
        }

        return isTime;
    }

    // The waits that have ended since the last call, by the position of their queue.
    public List<(int Queue, WaitResult Result)> TakeEnded()
    {
        var ended = new List<(int, WaitResult)>(1);
        for (var i = 0; i < waits.Length; i++)
        {
            if (waits[i] is { IsCompletedSuccessfully: true } wait)
            {
                waits[i] = null;
                refusedAt[i] = wait.Result.End == WaitEnd.Refused ? clock.GetTimestamp() : null;
                ended.Add((i, wait.Result));
            }
        }

        return ended;
    }

    // Ends all waits at once. A job that a wait has claimed meanwhile is returned to the head of its queue.
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

        // The numbers first: a number that is not recorded here would be lost, while the next claim finds a landing list that
        // cannot be emptied now.
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
                    await process.Stores.Claims.ReturnLanding(queues[queue]).ConfigureAwait(false);
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
                await process.Lines.GiveBack(waiter, isTemporary).ConfigureAwait(false);
            }
        }

        called.Dispose();
    }

    void Wait(int queue)
    {
        waiters[queue] ??= process.Lines.Take(queues[queue], isTemporary);
        var isRefused = refusedAt[queue] is { } since && clock.GetElapsedTime(since) < refusedInterval;
        if (waiters[queue] is { } line && !isRefused)
        {
            waits[queue] ??= line.Wait(called.Token);
        }
        else
        {
            looks[queue] ??= process.Lines.Lookout.Filled(queues[queue]);
        }
    }
}
