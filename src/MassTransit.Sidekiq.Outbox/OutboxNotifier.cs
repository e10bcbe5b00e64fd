using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

/// In a process that stages only: passes commits on to the relays elsewhere. Outside of the transactions, since PostgreSQL
/// lets transactions that notify commit one at a time only, and many commits make one notification.
internal sealed class OutboxNotifier<TDbContext>(
    OutboxListener<TDbContext> listener,
    OutboxSignal<TDbContext> signal,
    Func<IBusInstance> instance,
    TimeProvider clock
) : BusLifetime(instance)
    where TDbContext : DbContext
{
    static readonly TimeSpan untilWoken = TimeSpan.FromHours(1);

    BackgroundLoop? loop;

    protected override void Start(IBusInstance bus)
    {
        loop = new BackgroundLoop($"Notifying of messages in {typeof(TDbContext).Name}", Cycle, clock);
        signal.Committed += OnCommitted;
        loop.Start();
    }

    protected override async Task Stop()
    {
        signal.Committed -= OnCommitted;
        await loop!.DisposeAsync().ConfigureAwait(false);
    }

    async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        await listener.Notify(cancellationToken).ConfigureAwait(false);
        return untilWoken;
    }

    void OnCommitted(object? sender, EventArgs none) => loop?.Wake();
}
