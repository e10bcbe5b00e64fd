using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

// The outbox of one context for pages that know nothing of Entity Framework: whatever the database throws has one type there.
internal sealed class OutboxView<TDbContext>(
    Type bus,
    IOutboxInspector<TDbContext> inspector,
    IServiceScopeFactory scopes,
    OutboxSettings<TDbContext> settings,
    DrainedMinute<TDbContext> drained,
    OutboxBus<TDbContext> target,
    TimeProvider clock
) : ISidekiqOutbox
    where TDbContext : DbContext
{
    // In one transaction.
    const int MostChanged = 1000;

    // Of an error in a list.
    const int MostOfError = 500;

    const string Urn = "urn:message:";

    readonly OutboxQueries<TDbContext> queries = new(scopes, settings);

    public string Name => settings.Name;

    public Type Bus => bus;

    public Task<SidekiqOutboxState> State(int most = 10_000, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        return Ask(
            "read",
            () => queries.Run(context => State(context, most, cancellationToken), cancellationToken),
            cancellationToken
        );
    }

    public Task<IReadOnlyList<SidekiqOutboxFault>> SetAside(
        int most = 25,
        long? before = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        return Ask(
            "read",
            () =>
                queries.Run(
                    context => SetAside(context, most, before ?? long.MaxValue, cancellationToken),
                    cancellationToken
                ),
            cancellationToken
        );
    }

    public async Task<SidekiqOutboxMessage?> Find(long id, CancellationToken cancellationToken = default)
    {
        var found = await Ask(
                "read",
                () =>
                    queries.Run(
                        context =>
                            context
                                .Set<OutboxFault>()
                                .AsNoTracking()
                                .SingleOrDefaultAsync(fault => fault.Id == id, cancellationToken),
                        cancellationToken
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
        if (found is null)
        {
            return null;
        }

        // Without what is secret in it, which of a message that is not a job yet is all of it.
        var hidden = target.Runtime.Redaction.HidesMessage(found.MessageType.Split(';')[0]) ? "[hidden]" : null;
        var message = OutboxInspector<TDbContext>.Message(found);
        return new SidekiqOutboxMessage(
            Shown(found),
            message?.Headers,
            hidden ?? message?.Body,
            hidden ?? found.Message
        );
    }

    public Task<int> Release(IReadOnlyCollection<long>? ids = null, CancellationToken cancellationToken = default) =>
        Ask("changed", () => Change(ids, inspector.Release, cancellationToken), cancellationToken);

    public Task<int> Discard(IReadOnlyCollection<long>? ids = null, CancellationToken cancellationToken = default) =>
        Ask("changed", () => Change(ids, inspector.Discard, cancellationToken), cancellationToken);

    async Task<SidekiqOutboxState> State(TDbContext context, int most, CancellationToken cancellationToken)
    {
        var (now, keepsJobs) = (clock.GetUtcNow(), settings.Options.Ledger is not null);
        var pending = OutboxGlance.Pending(context);
        return new SidekiqOutboxState(
            most,
            await OutboxGlance.Count(pending, most, cancellationToken).ConfigureAwait(false),
            await OutboxGlance.OldestAge(context, now, cancellationToken).ConfigureAwait(false),
            await OutboxGlance.Count(context.Set<OutboxFault>(), most, cancellationToken).ConfigureAwait(false),
            await OutboxGlance.Count(context.Set<InboxState>(), most, cancellationToken).ConfigureAwait(false)
        )
        {
            HealthyAge = settings.Options.HealthyAge,
            DrainedLastMinute = settings.Options.HasRelay ? drained.Count : null,
            Open = keepsJobs
                ? await OutboxGlance
                    .Ages(OutboxGlance.Open(context), most, now, cancellationToken)
                    .ConfigureAwait(false)
                : null,
            Dead = keepsJobs
                ? await OutboxGlance
                    .Ages(OutboxGlance.Dead(context), most, now, cancellationToken)
                    .ConfigureAwait(false)
                : null,
        };
    }

    // Without the messages themselves, each of which may be megabytes.
    static async Task<IReadOnlyList<SidekiqOutboxFault>> SetAside(
        TDbContext context,
        int most,
        long before,
        CancellationToken cancellationToken
    )
    {
        var faults = await context
            .Set<OutboxFault>()
            .Where(fault => fault.Id < before)
            .OrderByDescending(fault => fault.Id)
            .Take(most)
            .Select(fault => new OutboxFault
            {
                Id = fault.Id,
                MessageId = fault.MessageId,
                MessageType = fault.MessageType,
                DestinationAddress = fault.DestinationAddress,
                Attempts = fault.Attempts,
                FaultedAt = fault.FaultedAt,
                ErrorType = fault.ErrorType,
                Error = fault.Error.Substring(0, MostOfError),
            })
            .ToListAsync(cancellationToken)
            .ConfigureAwait(false);

        return [.. faults.Select(Shown)];
    }

    static SidekiqOutboxFault Shown(OutboxFault fault)
    {
        var urn = fault.MessageType.Split(';')[0];
        return new SidekiqOutboxFault(
            fault.Id,
            fault.MessageId,
            urn.StartsWith(Urn, StringComparison.Ordinal) ? urn[Urn.Length..] : urn,
            fault.DestinationAddress,
            fault.Attempts,
            Utc.Of(fault.FaultedAt),
            fault.ErrorType,
            fault.Error
        );
    }

    // All that are set aside at the beginning: what is released may be set aside again at once, behind them.
    async Task<int> Change(
        IReadOnlyCollection<long>? ids,
        Func<IReadOnlyCollection<long>, CancellationToken, Task<int>> step,
        CancellationToken cancellationToken
    )
    {
        if (ids is not null)
        {
            return await step(ids, cancellationToken).ConfigureAwait(false);
        }

        var newest = await SetAside(most: 1, before: null, cancellationToken).ConfigureAwait(false);
        var (last, changed) = (newest.Count > 0 ? newest[0].Id : long.MinValue, 0);
        for (var after = long.MinValue; ; )
        {
            var some = await Ids(after, last, cancellationToken).ConfigureAwait(false);
            changed += await step(some, cancellationToken).ConfigureAwait(false);
            if (some.Count < MostChanged)
            {
                return changed;
            }

            after = some[^1];
        }
    }

    Task<List<long>> Ids(long after, long last, CancellationToken cancellationToken) =>
        queries.Run(
            context =>
                context
                    .Set<OutboxFault>()
                    .Where(fault => fault.Id > after && fault.Id <= last)
                    .OrderBy(fault => fault.Id)
                    .Select(fault => fault.Id)
                    .Take(MostChanged)
                    .ToListAsync(cancellationToken),
            cancellationToken
        );

    async Task<T> Ask<T>(string what, Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (Exception fault) when (IsOfTheDatabase(fault, cancellationToken))
        {
            throw new SidekiqOutboxException($"The outbox of {Name} cannot be {what}: {Cause(fault).Message}", fault);
        }
    }

    // A driver cancels by itself when its time is up.
    static bool IsOfTheDatabase(Exception fault, CancellationToken cancellationToken) =>
        fault is not (OutOfMemoryException or SidekiqOutboxException)
        && !(fault is OperationCanceledException && cancellationToken.IsCancellationRequested);

    // The driver's words: what wraps them gives advice to programmers, and what they wrap lacks the address.
    static Exception Cause(Exception fault)
    {
        for (var cause = fault; cause is not null; cause = cause.InnerException)
        {
            if (cause is DbException)
            {
                return cause;
            }
        }

        return fault.GetBaseException();
    }
}
