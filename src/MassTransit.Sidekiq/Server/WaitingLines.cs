namespace MassTransit.Sidekiq;

// Who of a process waits for jobs on a connection of its own: the first queues that ask, as many as the host may open.
// Answers always do, since somebody waits for each. All others are looked at together.
internal sealed class WaitingLines(int most, ClaimStore claims, Func<string, QueueWaiter> open) : IAsyncDisposable
{
    int taken;

    public QueueLookout Lookout { get; } = new(claims);

    // Null when all lines are taken.
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
