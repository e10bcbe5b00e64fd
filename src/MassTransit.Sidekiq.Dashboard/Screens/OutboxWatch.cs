namespace MassTransit.Sidekiq;

// One outbox, read for pages, which wait no longer for its database than they say. It is read on another thread, since the
// drivers of some databases block theirs while they wait.
internal sealed class OutboxWatch(ISidekiqOutbox outbox)
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    readonly Lock gate = new();
    Task<SidekiqOutboxState>? reading;

    public ISidekiqOutbox Outbox => outbox;

    public string Name => outbox.Name;

    // Visitors who come while it is read share the answer: a database that does not answer holds one thread, however often pages
    // are refreshed.
    public Task<SidekiqOutboxState> State(TimeSpan timeout, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (reading is not { IsCompleted: false })
            {
                reading = Task.Run(
                    () => outbox.State(cancellationToken: CancellationToken.None),
                    CancellationToken.None
                );
            }

            return Within(reading, timeout, cancellationToken);
        }
    }

    public async Task<T> Ask<T>(Func<ISidekiqOutbox, CancellationToken, Task<T>> ask, CancellationToken aborted)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        var answer = Task.Run(() => ask(outbox, giveUp.Token), giveUp.Token);
        try
        {
            return await Within(answer, Timeout, aborted).ConfigureAwait(false);
        }
        finally
        {
            await giveUp.CancelAsync().ConfigureAwait(false);
        }
    }

    async Task<T> Within<T>(Task<T> answer, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.WaitAsync(timeout, RealTime.Clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException late) when (!answer.IsCompleted)
        {
            throw new SidekiqOutboxException(
                $"The database of the outbox of {Name} has not answered within {timeout.TotalSeconds:0} s.",
                late
            );
        }
    }
}
