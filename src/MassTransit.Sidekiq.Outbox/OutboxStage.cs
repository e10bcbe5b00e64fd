using System.Runtime.ExceptionServices;
using System.Transactions;
using MassTransit.Context;
using MassTransit.Scheduling;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace MassTransit.Sidekiq;

/// Adds messages to a context, so that its next SaveChanges writes them beside everything else.
/// All messages of one transaction share one OutboxState, whose row is what hosts lock while they drain: that keeps their
/// order. It is a new one
/// 1. for the first message,
/// 2. after SaveChanges without a transaction: what was saved is committed,
/// 3. in another transaction than before: the old row may have been rolled back with it,
/// 4. after SaveChanges in a transaction that somebody else began (Npgsql uses one object for one transaction after another,
///    so nobody can tell whether it is still the same), or that was rolled back to a savepoint,
/// 5. after the change tracker was cleared: the row was never written.
internal sealed class OutboxStage<TDbContext>(
    TDbContext context,
    OutboxSignal<TDbContext> signal,
    SidekiqHostConfiguration host,
    TimeProvider clock
)
    where TDbContext : DbContext
{
    readonly Lock gate = new();
    readonly List<EntityEntry> staged = [];
    EntityEntry<OutboxState>? state;
    object? transaction;
    DateTime last;

    /// Whether messages were staged that no SaveChanges has written.
    public bool HasUnsaved => state is { State: EntityState.Added };

    public void Add<T>(SendContext<T> message)
        where T : class => Add(StagedMessage.From(message, Now(), host));

    /// Comes out behind what it cancels, and does nothing when that was in the same transaction and went with it.
    public void AddCancellation(Guid token) => Add(StagedMessage.Cancellation(token, Now()));

    /// What schedules and cancels in this transaction.
    public IMessageScheduler Scheduler(ISendEndpointProvider sender) =>
        new MessageScheduler(
            new OutboxScheduleProvider<TDbContext>(new SidekiqScheduleMessageProvider(sender, host), this),
            host.Topology
        );

    /// Lets a consumer schedule and cancel in its transaction.
    public void ScheduleFor(ConsumeContext consumeContext)
    {
        MessageSchedulerContext Create() => new ConsumeMessageSchedulerContext(consumeContext, Scheduler);

        consumeContext.AddOrUpdatePayload(Create, _ => Create());
    }

    /// Past the outbox: as it would be drained, but now.
    public async Task SendDirectly<T>(SendContext<T> message)
        where T : class
    {
        var row = StagedMessage.From(message, Now(), host);
        var outcome = await new JobPush(host).Push([row]).ConfigureAwait(false);
        if ((outcome.Outage ?? outcome.Fault(0)) is { } failed)
        {
            ExceptionDispatchInfo.Throw(failed);
        }
    }

    /// Those staged may be committed by now in a way that nobody saw.
    public void End() => signal.Commit(context);

    void Add(OutboxMessage row)
    {
        lock (gate)
        {
            row.OutboxId = State().Entity.OutboxId;
            staged.Add(Added(row));
        }

        signal.Staged(context);
    }

    EntityEntry<OutboxState> State()
    {
        var current = CurrentTransaction();
        var goesOn =
            state?.State == EntityState.Added
            || (state?.State == EntityState.Unchanged && current is not null && current.Equals(transaction));

        transaction = current;
        if (!goesOn)
        {
            ForgetSaved();
            state = Added(new OutboxState { OutboxId = NewId.NextGuid(), Created = Next() });
            staged.Add(state);
        }

        return state!;
    }

    /// Unlike Add, it does not look for related entities: there are none.
    EntityEntry<T> Added<T>(T row)
        where T : class
    {
        var entry = context.Entry(row);
        entry.State = EntityState.Added;
        return entry;
    }

    /// Rows that were rolled back leave their numbers to later ones, and a context cannot hold two of one number.
    void ForgetSaved()
    {
        foreach (var entry in staged)
        {
            if (entry.State == EntityState.Unchanged)
            {
                entry.State = EntityState.Detached;
            }
        }

        staged.Clear();
    }

    object? CurrentTransaction() =>
        context.Database.CurrentTransaction is { } begun
            ? (signal.IsDoubtful(context, begun.TransactionId) ? null : begun.TransactionId)
        : (Transaction.Current ?? context.Database.GetEnlistedTransaction()) is { } ambient
            ? ambient.TransactionInformation.LocalIdentifier
        : null;

    /// Later than the one before: two transactions of one scope are drained in their order.
    DateTime Next()
    {
        var now = Now();
        last = now > last ? now : last.AddMicroseconds(1);
        return last;
    }

    /// In microseconds, as PostgreSQL keeps it.
    DateTime Now()
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
