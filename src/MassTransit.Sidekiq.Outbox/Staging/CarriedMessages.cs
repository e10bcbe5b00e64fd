using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace MassTransit.Sidekiq;

// During SaveChanges, and only then, messages are not tracked but carried by the OutboxState of their transaction: the statement that
// writes it writes them. They share its fate: repeated with it, refused with it, tracked again when it fails. A context
// without our interceptor, and a library that writes what is tracked by itself, write them like any other entity.
internal sealed class CarriedMessages<TDbContext>
    where TDbContext : DbContext
{
    readonly ConditionalWeakTable<DbContext, List<Carried>> waiting = [];
    volatile Known? known;
    volatile bool isUnknown;

    // A tracked message of a state that is tracked, and not yet written.
    public void Offer(DbContext context, OutboxState state, OutboxMessage message)
    {
        var messages = waiting.GetOrCreateValue(context);
        lock (messages)
        {
            messages.RemoveAll(carried => !IsUnwritten(context, carried.State));
            messages.Add(new Carried(state, message));
        }
    }

    // SaveChanges begins.
    public void Take(DbContext context)
    {
        if (isUnknown || !waiting.TryGetValue(context, out var messages))
        {
            return;
        }

        lock (messages)
        {
            messages.RemoveAll(carried => !IsUnwritten(context, carried.State));
            foreach (var carried in messages.Count > 0 && InsertOf(context) is not null ? messages : [])
            {
                var entry = context.Entry(carried.Message);
                if (entry.State == EntityState.Added)
                {
                    entry.State = EntityState.Detached;
                    carried.IsTaken = true;
                }
            }
        }
    }

    // A command of SaveChanges is about to run. It may be one of several, and may be repeated.
    public void Join(DbContext context, DbCommand command)
    {
        if (!waiting.TryGetValue(context, out var messages))
        {
            return;
        }

        lock (messages)
        {
            if (!messages.Exists(carried => carried.IsTaken))
            {
                return;
            }

            var values = command.Parameters.Cast<DbParameter>().Select(parameter => parameter.Value);
            var ids = values.OfType<Guid>().ToHashSet();
            var joining = messages
                .Where(carried =>
                    carried.IsTaken && ids.Contains(carried.State.OutboxId) && IsUnwritten(context, carried.State)
                )
                .Select(carried => carried.Message)
                .ToList();
            if (joining.Count > 0 && !InsertOf(context)!.Join(command, joining))
            {
                isUnknown = true;
                throw new InvalidOperationException(
                    $"Entity Framework's command does not insert into {nameof(OutboxState)} in the known way, perhaps because an interceptor has changed it, so its {joining.Count} messages cannot be written with it. Repeat SaveChanges: from now on this process writes messages one by one."
                );
            }
        }
    }

    // SaveChanges has ended. Changes that are not accepted yet are repeated as they are.
    public void Saved(DbContext context)
    {
        if (waiting.TryGetValue(context, out var messages))
        {
            lock (messages)
            {
                messages.RemoveAll(carried => !IsUnwritten(context, carried.State));
            }
        }
    }

    public void Failed(DbContext context)
    {
        if (!waiting.TryGetValue(context, out var messages))
        {
            return;
        }

        lock (messages)
        {
            foreach (var carried in messages.Where(carried => carried.IsTaken && IsUnwritten(context, carried.State)))
            {
                context.Entry(carried.Message).State = EntityState.Added;
                carried.IsTaken = false;
            }
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

    sealed class Carried(OutboxState state, OutboxMessage message)
    {
        public OutboxState State => state;

        public OutboxMessage Message => message;

        // It is not tracked.
        public bool IsTaken { get; set; }
    }

    sealed record Known(IModel Model, MessageInsert? Insert);
}
