using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace MassTransit.Sidekiq;

// Messages that are not tracked, but carried by the OutboxState of their transaction: the statement that writes it writes them.
// They share its fate: cleared from the tracker with it, repeated with it, refused with it.
internal sealed class CarriedMessages<TDbContext>
    where TDbContext : DbContext
{
    readonly ConditionalWeakTable<DbContext, Dictionary<OutboxState, List<OutboxMessage>>> waiting = [];
    volatile Known? known;
    volatile bool isUnknown;

    // False if its message must be tracked instead. The state is tracked, and not yet written.
    public bool Add(DbContext context, OutboxState state, OutboxMessage message)
    {
        if (isUnknown || InsertOf(context) is null)
        {
            return false;
        }

        var states = waiting.GetOrCreateValue(context);
        lock (states)
        {
            if (!states.TryGetValue(state, out var messages))
            {
                Forget(context, states);
                states[state] = messages = [];
            }

            messages.Add(message);
        }

        return true;
    }

    // Those that are written are done.
    public void Saved(DbContext context)
    {
        if (waiting.TryGetValue(context, out var states))
        {
            lock (states)
            {
                Forget(context, states);
            }
        }
    }

    // A command of SaveChanges is about to run. It may be one of several, and may be repeated.
    public void Join(DbContext context, DbCommand command)
    {
        if (!waiting.TryGetValue(context, out var states))
        {
            return;
        }

        lock (states)
        {
            if (states.Count == 0)
            {
                return;
            }

            var values = command.Parameters.Cast<DbParameter>().Select(parameter => parameter.Value);
            var ids = values.OfType<Guid>().ToHashSet();
            var messages = states
                .Where(state => ids.Contains(state.Key.OutboxId) && IsUnwritten(context, state.Key))
                .SelectMany(state => state.Value)
                .ToList();
            if (messages.Count > 0 && !InsertOf(context)!.Join(command, messages))
            {
                isUnknown = true;
                throw new InvalidOperationException(
                    $"Entity Framework's command does not insert into {nameof(OutboxState)} in the known way, perhaps because an interceptor has changed it, so its {messages.Count} messages cannot be written with it. Repeat the transaction with a new context: from now on this process writes messages one by one."
                );
            }
        }
    }

    static void Forget(DbContext context, Dictionary<OutboxState, List<OutboxMessage>> states)
    {
        foreach (var state in states.Keys.Where(state => !IsUnwritten(context, state)))
        {
            states.Remove(state);
        }
    }

    static bool IsUnwritten(DbContext context, OutboxState state) => context.Entry(state).State == EntityState.Added;

    MessageInsert? InsertOf(DbContext context)
    {
        if (known is not { } made || !ReferenceEquals(made.Model, context.Model))
        {
            known = made = new Known(context.Model, MessageInsert.For(context));
        }

        return made.Insert;
    }

    sealed record Known(IModel Model, MessageInsert? Insert);
}
