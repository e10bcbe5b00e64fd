using System.Runtime.ExceptionServices;
using System.Transactions;
using MassTransit.Context;
using MassTransit.Scheduling;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

/// <summary>
/// Adds messages to a context, so that its next SaveChanges writes them with everything else.
/// All messages of one transaction share one OutboxState, whose row hosts lock while they drain: that keeps their
/// order. It is a new one
/// 1. for the first message,
/// 2. after SaveChanges without a transaction: what was saved is committed,
/// 3. in another transaction than before: the old row may have been rolled back with it,
/// 4. after SaveChanges in a transaction that was begun elsewhere (Npgsql reuses one object for several transactions,
///   so it may not be the same any more), or that was rolled back to a savepoint,
/// 5. after the change tracker was cleared: what was not written by then is lost with all else that it held.
/// The context is resolved with the first message, not before: its interceptors, or its own constructor, may
/// take the endpoints that lead here.
/// </summary>
internal sealed class OutboxStage<TDbContext>(
    Lazy<TDbContext> context,
    OutboxSignal<TDbContext> signal,
    CarriedMessages<TDbContext> carried,
    OutboxLog<TDbContext> log,
    BusRuntime runtime,
    TimeProvider clock
) : IMessageStage
    where TDbContext : DbContext
{
    readonly Lock gate = new();
    readonly List<object> staged = [];
    OutboxState? state;
    object? transaction;
    DateTime last;
    bool isWatching;

    // Whether messages were staged that no SaveChanges has written. Known without the context, which may be disposed by then.
    public bool HasUnsaved { get; private set; }

    TDbContext Context => context.Value;

    // Observers are notified here, where the message's type is known: the relay only sees a row.
    public Task Add<T>(SendContext<T> message)
        where T : class => message.Observe(Stage, log);

    // Sent after what it cancels, and has no effect when that was staged in the same transaction and removed with it.
    public void AddCancellation(Guid token) => Add(StagedMessage.Cancellation(token, Now()));

    // What schedules and cancels in this transaction.
    public IMessageScheduler Scheduler(ISendEndpointProvider sender) =>
        new MessageScheduler(
            new OutboxScheduleProvider<TDbContext>(new SidekiqScheduleMessageProvider(sender, runtime), () => this),
            runtime.Host.Topology
        );

    // Lets a consumer schedule and cancel in its transaction.
    public void ScheduleFor(ConsumeContext consumeContext)
    {
        MessageSchedulerContext Create() => new ConsumeMessageSchedulerContext(consumeContext, Scheduler);

        consumeContext.AddOrUpdatePayload(Create, _ => Create());
    }

    // Bypasses the outbox: as it would be drained, but now.
    public Task SendDirectly<T>(SendContext<T> message)
        where T : class => message.Observe(Push, log);

    // Staged messages may have been committed in a way that was not detected.
    public void End()
    {
        if (context.IsValueCreated)
        {
            signal.Commit(Context);
        }
    }

    Task Stage<T>(SendContext<T> message)
        where T : class
    {
        Add(StagedMessage.From(message, Now(), runtime));
        return Task.CompletedTask;
    }

    async Task Push<T>(SendContext<T> message)
        where T : class
    {
        var row = StagedMessage.From(message, Now(), runtime);
        var outcome = await new JobPush(runtime).Push([row]).ConfigureAwait(false);
        if ((outcome.Outage ?? outcome.Fault(0)) is { } failed)
        {
            ExceptionDispatchInfo.Throw(failed);
        }
    }

    void Add(OutboxMessage row)
    {
        lock (gate)
        {
            var (current, isWritten) = State();
            row.OutboxId = current.OutboxId;
            Track(row);
            if (!isWritten)
            {
                carried.Offer(Context, current, row);
            }

            HasUnsaved = true;
        }

        signal.Staged(Context);
    }

    (OutboxState State, bool IsWritten) State()
    {
        WatchSaves();
        var current = CurrentTransaction();
        // An entry that the tracker has dropped keeps its old state: only the tracker knows.
        var tracked = state is null ? EntityState.Detached : Context.Entry(state).State;
        var goesOn =
            tracked == EntityState.Added
            || (tracked == EntityState.Unchanged && current is not null && current.Equals(transaction));

        transaction = current;
        if (state is null || !goesOn)
        {
            ForgetSaved();
            state = new OutboxState { OutboxId = NewId.NextGuid(), Created = Next() };
            Track(state);
            return (state, false);
        }

        return (state, tracked == EntityState.Unchanged);
    }

    void WatchSaves()
    {
        if (!isWatching)
        {
            isWatching = true;
            Context.SavedChanges += (_, _) => HasUnsaved = false;
        }
    }

    // Unlike Add, it does not look for related entities: there are none.
    void Track(object row)
    {
        Context.Entry(row).State = EntityState.Added;
        staged.Add(row);
    }

    // Rows that were rolled back leave their numbers to later ones, and a context cannot hold two rows of one number.
    void ForgetSaved()
    {
        foreach (var row in staged)
        {
            var entry = Context.Entry(row);
            if (entry.State == EntityState.Unchanged)
            {
                entry.State = EntityState.Detached;
            }
        }

        staged.Clear();
    }

    object? CurrentTransaction() =>
        Context.Database.CurrentTransaction is { } begun
            ? (signal.IsDoubtful(Context, begun.TransactionId) ? null : begun.TransactionId)
        : (Transaction.Current ?? Context.Database.GetEnlistedTransaction()) is { } ambient
            ? ambient.TransactionInformation.LocalIdentifier
        : null;

    // Later than the one before: two transactions of one scope are drained in their order.
    DateTime Next()
    {
        var now = Now();
        last = now > last ? now : last.AddMicroseconds(1);
        return last;
    }

    // In microseconds, as PostgreSQL keeps it.
    DateTime Now()
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
