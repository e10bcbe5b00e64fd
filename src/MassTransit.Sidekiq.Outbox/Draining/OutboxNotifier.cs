using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// In a process that stages only: passes commits on to the relays elsewhere. Outside of the transactions, since PostgreSQL
// lets transactions that notify commit one at a time only. The first commit is passed on at once; of those that follow
// within a few milliseconds many make one notification.
internal sealed class OutboxNotifier<TDbContext>(
    OutboxListener<TDbContext> listener,
    OutboxSignal<TDbContext> signal,
    OutboxDatabase<TDbContext> database,
    Func<IBusInstance> instance,
    TimeProvider clock
) : BusLifetime(instance)
    where TDbContext : DbContext
{
    // A relay that is told needs a few milliseconds for a batch anyway.
    static readonly TimeSpan between = TimeSpan.FromMilliseconds(5);

    // Longer than busy moments are apart; an idle process holds no connection.
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
