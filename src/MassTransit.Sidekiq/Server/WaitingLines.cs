namespace MassTransit.Sidekiq;

// Assigns the waiting connections of a process: the first queues that ask get one, up to the configured number. Response queues
// always get one, since a caller waits for each response. All others are polled together.
internal sealed class WaitingLines(int most, ClaimStore claims, Func<string, QueueWaiter> open) : IAsyncDisposable
{
    int taken;

    public QueueLookout Lookout { get; } = new(claims);

    // Null when all connections are taken.
    public QueueWaiter? Take(string queue, bool isTemporary)
    {
        if (!isTemporary && Interlocked.Increment(ref taken) > most)
        {
            Interlocked.Decrement(ref taken);
            return null;
        }

        return open(queue);
    }

    public async Task GiveBack(QueueWaiter line, bool isTemporary)
    {
        await line.DisposeAsync().ConfigureAwait(false);
        if (!isTemporary)
        {
            Interlocked.Decrement(ref taken);
        }
    }

    public ValueTask DisposeAsync() => Lookout.DisposeAsync();
}
