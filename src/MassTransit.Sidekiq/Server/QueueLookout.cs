namespace MassTransit.Sidekiq;

// Polls the queues of a process that have no waiting connection, all with one command (EXISTS), since a connection for each would
// cost Redis more. The interval grows to 90 ms while the queues are empty, so that a job starts within 100 ms of its push, and an
// idle process polls a dozen times a second, however many queues it has.
internal sealed class QueueLookout(ClaimStore claims) : IAsyncDisposable
{
    static readonly TimeSpan shortest = TimeSpan.FromMilliseconds(10);
    static readonly TimeSpan longest = TimeSpan.FromMilliseconds(90);

    readonly Lock gate = new();
    readonly Dictionary<string, TaskCompletionSource> awaited = new(StringComparer.Ordinal);
    readonly CancellationTokenSource stopping = new();
    readonly WakeUp asked = new();
    Task looking = Task.CompletedTask;
    bool hasBegun;

    // Completes when the queue seems to have a job, or when the poll failed: the claim that follows finds out.
    public Task Filled(string queue)
    {
        lock (gate)
        {
            if (!hasBegun)
            {
                hasBegun = true;
                looking = Task.Run(Look);
            }

            if (!awaited.TryGetValue(queue, out var filled))
            {
                awaited[queue] = filled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                asked.Set();
            }

            return filled.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await looking.ConfigureAwait(false);
        stopping.Dispose();
        Tell(Awaited());
    }

    async Task Look()
    {
        var pause = shortest;
        var backOff = new BackOff();
        while (!stopping.IsCancellationRequested)
        {
            var queues = Awaited();
            if (queues.Count == 0)
            {
                await asked.Wait(Timeout.InfiniteTimeSpan, RealTime.Clock, stopping.Token).ConfigureAwait(false);
                continue;
            }

            try
            {
                var filled = await claims.Filled(queues).ConfigureAwait(false);
                Tell(filled);
                backOff.Reset();
                pause = filled.Count > 0 ? shortest : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, longest.Ticks));
            }
            catch (Exception)
            {
                // The claims of these queues meet the same failure, and report it.
                Tell(queues);
                pause = backOff.Next();
            }

            await Task.Delay(pause, RealTime.Clock, stopping.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    List<string> Awaited()
    {
        lock (gate)
        {
            return [.. awaited.Keys];
        }
    }

    void Tell(IReadOnlyCollection<string> queues)
    {
        foreach (var queue in queues)
        {
            TaskCompletionSource? filled;
            lock (gate)
            {
                awaited.Remove(queue, out filled);
            }

            filled?.TrySetResult();
        }
    }
}
