using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

internal sealed class OutboxInspector<TDbContext>(
    IServiceScopeFactory scopes,
    OutboxSignal<TDbContext> signal,
    TimeProvider? timeProvider = null
) : IOutboxInspector<TDbContext>
    where TDbContext : DbContext
{
    static readonly TimeSpan drainPause = TimeSpan.FromMilliseconds(5);

    readonly TimeProvider clock = timeProvider ?? TimeProvider.System;

    public Task<OutboxCounts> Count(CancellationToken cancellationToken = default) =>
        With(async context =>
        {
            var pending = await Pending(context).LongCountAsync(cancellationToken).ConfigureAwait(false);
            var setAside = await context.Set<OutboxFault>().LongCountAsync(cancellationToken).ConfigureAwait(false);
            var oldest = await context
                .Set<OutboxState>()
                .OrderBy(row => row.Created)
                .Select(row => (DateTime?)row.Created)
                .FirstOrDefaultAsync(cancellationToken)
                .ConfigureAwait(false);
            var age = oldest is { } created ? clock.GetUtcNow() - StagedMessage.Utc(created) : TimeSpan.Zero;

            var ledger = context.Set<OutboxLedger>();
            var kept = await ledger.LongCountAsync(cancellationToken).ConfigureAwait(false);
            var dead = await ledger.LongCountAsync(row => row.DiedAt != null, cancellationToken).ConfigureAwait(false);

            return new OutboxCounts(pending, age > TimeSpan.Zero ? age : TimeSpan.Zero, setAside, kept - dead, dead);
        });

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
        var released = await With(async context =>
            {
                var faults = context.Set<OutboxFault>().AsTracking();
                if (faultIds is not null)
                {
                    faults = faults.Where(fault => faultIds.Contains(fault.Id));
                }

                var found = await faults
                    .OrderBy(fault => fault.Id)
                    .ToListAsync(cancellationToken)
                    .ConfigureAwait(false);
                foreach (var fault in found)
                {
                    PutBack(context, fault);
                }

                // One SaveChanges is one transaction: a message is in one table or the other.
                await context.SaveChangesAsync(cancellationToken).ConfigureAwait(false);
                return found.Count;
            })
            .ConfigureAwait(false);

        signal.Wake();
        return released;
    }

    public Task<int> Discard(IReadOnlyCollection<long> faultIds, CancellationToken cancellationToken = default) =>
        With(context =>
            context.Set<OutboxFault>().DeleteWhere(nameof(OutboxFault.Id), faultIds.Cast<object>(), cancellationToken)
        );

    public async Task WaitUntilDrained(CancellationToken cancellationToken = default)
    {
        signal.Wake();
        while (await With(context => Pending(context).AnyAsync(cancellationToken)).ConfigureAwait(false))
        {
            // Where nothing runs beside the callers, somebody has to begin.
            await signal.Drain(cancellationToken).ConfigureAwait(false);

            // Another process may be the one that drains, and it cannot tell us.
            await Task.Delay(drainPause, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    void PutBack(TDbContext context, OutboxFault fault)
    {
        var message = JsonSerializer.Deserialize<OutboxMessage>(fault.Message)!;
        message.SequenceNumber = 0;
        message.OutboxId = NewId.NextGuid();
        context.Add(new OutboxState { OutboxId = message.OutboxId.Value, Created = clock.GetUtcNow().UtcDateTime });
        context.Add(message);
        context.Remove(fault);
    }

    static IQueryable<OutboxMessage> Pending(TDbContext context) =>
        context.Set<OutboxMessage>().Where(message => message.OutboxId != null);

    async Task<T> With<T>(Func<TDbContext, Task<T>> work)
    {
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);

        return await work(scope.ServiceProvider.GetRequiredService<TDbContext>()).ConfigureAwait(false);
    }
}
