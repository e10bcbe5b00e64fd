using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// In a process that only stages: announces commits to the relays elsewhere. Outside of the transactions, since PostgreSQL
// serializes the commits of transactions that notify. The first commit is announced at once; those that follow
// within a few milliseconds share a notification.
internal sealed class OutboxNotifier<TDbContext>(
    OutboxListener<TDbContext> listener,
    OutboxSignal<TDbContext> signal,
    OutboxDatabase<TDbContext> database,
    Func<IBusInstance> instance,
    TimeProvider clock
) : BusLifetime(instance)
    where TDbContext : DbContext
{
    // A notified relay needs a few milliseconds for a batch anyway.
    static readonly TimeSpan between = TimeSpan.FromMilliseconds(5);

    // Longer than the gaps between bursts; an idle process holds no connection.
    static readonly TimeSpan longestHold = TimeSpan.FromSeconds(10);
    static readonly TimeSpan untilWoken = TimeSpan.FromHours(1);

    readonly WakeUp committed = new();
    BackgroundLoop? loop;

    protected override void Start(IBusInstance bus)
    {
        loop = new BackgroundLoop(
            $"Notifying of messages in {typeof(TDbContext).Name}",
            database.OnceComplete(Cycle),
            clock
        );
        signal.Committed += OnCommitted;
        Run(bus, loop);
    }

    protected override async Task Stop()
    {
        signal.Committed -= OnCommitted;
        await loop!.DisposeAsync().ConfigureAwait(false);
    }

    async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        await listener.Notify(() => IsCommitted(cancellationToken), cancellationToken).ConfigureAwait(false);
        return untilWoken;
    }

    async Task<bool> IsCommitted(CancellationToken cancellationToken)
    {
        await Task.Delay(between, clock, cancellationToken).ConfigureAwait(false);
        var next = committed.Wait();
        if (!next.IsCompleted)
        {
            await committed.Wait(longestHold, clock, cancellationToken).ConfigureAwait(false);
        }

        return next.IsCompleted && !cancellationToken.IsCancellationRequested;
    }

    void OnCommitted(object? sender, EventArgs none)
    {
        committed.Set();
        loop?.Wake();
    }
}
