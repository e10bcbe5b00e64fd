using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// Notifies the relay that messages were committed. It remembers which contexts have staged something, so that
// other commits wake nothing.
internal sealed class OutboxSignal<TDbContext>
    where TDbContext : DbContext
{
    static readonly object staged = new();

    readonly ConditionalWeakTable<DbContext, object> contexts = [];
    readonly ConditionalWeakTable<DbContext, object> doubtful = [];

    // Messages may be waiting. Handlers return at once.
    public event EventHandler? Committed;

    public void Staged(DbContext context) => contexts.AddOrUpdate(context, staged);

    // Drains before a commit returns to its caller, where tests ask for it.
    public Func<CancellationToken, Task>? Inline { get; set; }

    // Drains when a test asks for it, under a harness: nothing else does then.
    public Func<CancellationToken, Task>? Requested { get; set; }

    // Everything that the context staged is in the database now, or may be. False when it has staged nothing.
    public bool Commit(DbContext context)
    {
        if (!contexts.Remove(context))
        {
            return false;
        }

        Committed?.Invoke(this, EventArgs.Empty);
        return true;
    }

    public Task Drain(CancellationToken cancellationToken) => Inline?.Invoke(cancellationToken) ?? Task.CompletedTask;

    public Task DrainOnRequest(CancellationToken cancellationToken) =>
        Requested?.Invoke(cancellationToken) ?? Drain(cancellationToken);

    public void Wake() => Committed?.Invoke(this, EventArgs.Empty);

    // What was saved in this transaction may be gone although the transaction seems to continue.
    public void Doubt(DbContext context, Guid transaction) => doubtful.AddOrUpdate(context, transaction);

    public bool IsDoubtful(DbContext context, Guid transaction) =>
        doubtful.TryGetValue(context, out var doubted) && transaction.Equals(doubted);

    public bool HasStaged(DbContext context) => contexts.TryGetValue(context, out _);
}
