namespace MassTransit.Sidekiq;

/// <summary>
/// Keeps the slots of running jobs: each is held for as long as the lease of a process, and extended five times in that. Without a
/// held slot nothing is asked. The slots of a killed process end with it. A slot that was freed meanwhile, and may have been held again
/// by this, is freed once more.
/// </summary>
internal sealed class SlotKeeper
{
    readonly LimitGate limits;
    readonly LimitStore store;
    readonly TimeSpan lease;

    public SlotKeeper(LimitGate limits, LimitStore store, TimeSpan lease, TimeProvider clock)
    {
        (this.limits, this.store, this.lease) = (limits, store, lease);
        Loop = new BackgroundLoop("Slots of limits", Cycle, clock);
    }

    public BackgroundLoop Loop { get; }

    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        if (limits.Held is { Count: > 0 } held)
        {
            await store.Keep(held, lease).ConfigureAwait(false);
            await limits.FreeEnded(held).ConfigureAwait(false);
        }

        return lease / 5;
    }
}
