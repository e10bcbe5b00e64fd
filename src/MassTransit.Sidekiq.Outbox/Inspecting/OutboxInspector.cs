using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

internal sealed class OutboxInspector<TDbContext>(
    IServiceScopeFactory scopes,
    OutboxSignal<TDbContext> signal,
    OutboxSettings<TDbContext> settings,
    TimeProvider? timeProvider = null
) : IOutboxInspector<TDbContext>
    where TDbContext : DbContext
{
    // Each holds a message.
    const int MostReleased = 1000;

    static readonly TimeSpan drainPause = TimeSpan.FromMilliseconds(5);

    readonly OutboxQueries<TDbContext> queries = new(scopes, settings);
    readonly TimeProvider clock = timeProvider ?? TimeProvider.System;

    public Task<OutboxCounts> Count(CancellationToken cancellationToken = default) =>
        queries.Run(
            async context =>
            {
                var pending = await OutboxGlance
                    .Pending(context)
                    .LongCountAsync(cancellationToken)
                    .ConfigureAwait(false);
                var setAside = await context.Set<OutboxFault>().LongCountAsync(cancellationToken).ConfigureAwait(false);
                var age = await OutboxGlance
                    .OldestAge(context, clock.GetUtcNow(), cancellationToken)
                    .ConfigureAwait(false);
                var ledger = context.Set<OutboxLedger>();
                var kept = await ledger.LongCountAsync(cancellationToken).ConfigureAwait(false);
                var dead = await ledger
                    .LongCountAsync(row => row.DiedAt != null, cancellationToken)
                    .ConfigureAwait(false);

                return new OutboxCounts(pending, age, setAside, kept - dead, dead);
            },
            cancellationToken
        );

    // Like Count, but counts no further than `most`, and not the ledger: its cost does not grow with the tables.
    public Task<OutboxCounts> Glance(int most, CancellationToken cancellationToken) =>
        queries.Run(
            async context =>
            {
                var pending = OutboxGlance.Pending(context);
                var waiting = await OutboxGlance.Count(pending, most, cancellationToken).ConfigureAwait(false);
                var faults = context.Set<OutboxFault>();
                var setAside = await OutboxGlance.Count(faults, most, cancellationToken).ConfigureAwait(false);
                var age = await OutboxGlance
                    .OldestAge(context, clock.GetUtcNow(), cancellationToken)
                    .ConfigureAwait(false);

                return new OutboxCounts(waiting, age, setAside);
            },
            cancellationToken
        );

    public Task<IReadOnlyList<OutboxFault>> Faults(int limit = 100, CancellationToken cancellationToken = default) =>
        With<IReadOnlyList<OutboxFault>>(async context =>
            await context
                .Set<OutboxFault>()
                .AsNoTracking()
                .OrderBy(fault => fault.FaultedAt)
                .ThenBy(fault => fault.Id)
                .Take(limit)
                .ToListAsync(cancellationToken)
                .ConfigureAwait(false)
        );

    public async Task<int> Release(
        IReadOnlyCollection<long>? faultIds = null,
        CancellationToken cancellationToken = default
    )
    {
        var released = 0;
        for (var after = long.MinValue; ; )
        {
            var (last, count) = await Release(after, faultIds, cancellationToken).ConfigureAwait(false);
            released += count;
            signal.Wake();
            if (last is not { } next)
            {
                return released;
            }

            after = next;
        }
    }

    public Task<int> Discard(IReadOnlyCollection<long> faultIds, CancellationToken cancellationToken = default) =>
        With(context =>
            context.Set<OutboxFault>().DeleteWhere(nameof(OutboxFault.Id), faultIds.Cast<object>(), cancellationToken)
        );

    public async Task WaitUntilDrained(CancellationToken cancellationToken = default)
    {
        signal.Wake();
        while (await With(context => OutboxGlance.Pending(context).AnyAsync(cancellationToken)).ConfigureAwait(false))
        {
            // Where nothing runs beside the callers, one of them has to start.
            await signal.DrainOnRequest(cancellationToken).ConfigureAwait(false);

            // Another process may be the one that drains, and it cannot notify us.
            await Task.Delay(drainPause, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    // One SaveChanges is one transaction: a message is in one table or the other. Returns where to continue.
    Task<(long? Last, int Count)> Release(
        long after,
        IReadOnlyCollection<long>? faultIds,
        CancellationToken cancellationToken
    ) =>
        With(async context =>
        {
            var faults = context.Set<OutboxFault>().AsTracking().Where(fault => fault.Id > after);
            if (faultIds is not null)
            {
                faults = faults.Where(fault => faultIds.Contains(fault.Id));
            }

            var found = await faults
                .OrderBy(fault => fault.Id)
                .Take(MostReleased)
                .ToListAsync(cancellationToken)
                .ConfigureAwait(false);
            var count = found.Count(fault => PutBack(context, fault));
            await context.SaveChangesAsync(cancellationToken).ConfigureAwait(false);

            return (found.Count == MostReleased ? found[^1].Id : (long?)null, count);
        });

    // False for a row that does not hold a message: it stays in place, to be repaired or discarded.
    bool PutBack(TDbContext context, OutboxFault fault)
    {
        if (Message(fault) is not { } message)
        {
            return false;
        }

        message.SequenceNumber = 0;
        message.OutboxId = NewId.NextGuid();
        context.Add(new OutboxState { OutboxId = message.OutboxId.Value, Created = clock.GetUtcNow().UtcDateTime });
        context.Add(message);
        context.Remove(fault);

        return true;
    }

    // Null when what is stored is no message.
    internal static OutboxMessage? Message(OutboxFault fault)
    {
        try
        {
            return JsonSerializer.Deserialize<OutboxMessage>(fault.Message);
        }
        catch (Exception unreadable) when (unreadable is JsonException or NotSupportedException or UriFormatException)
        {
            // Most likely the reason why it was set aside.
            return null;
        }
    }

    async Task<T> With<T>(Func<TDbContext, Task<T>> work)
    {
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);

        return await work(scope.ServiceProvider.GetRequiredService<TDbContext>()).ConfigureAwait(false);
    }
}
