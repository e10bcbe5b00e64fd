using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// Removes inbox rows of messages that cannot come in again. A few at a time, so that no transaction waits for the rows it locks;
// hosts that clean concurrently skip each other's.
internal sealed class InboxCleaner<TDbContext>(
    OutboxStore<TDbContext> store,
    OutboxSettings<TDbContext> settings,
    TimeProvider clock
)
    where TDbContext : DbContext
{
    const int Batch = 1000;

    static readonly TimeSpan interval = TimeSpan.FromMinutes(1);
    static readonly TimeSpan between = TimeSpan.FromMilliseconds(100);

    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var before = now - settings.Options.InboxRetention;
        var forgotten = await store.ForgetInbox(now, before, Batch, cancellationToken).ConfigureAwait(false);

        return forgotten == Batch ? between : interval;
    }
}
