using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

/// <summary>
/// The limits of one process.
/// 1. Jobs that start together ask in one step, and so do those that end together.
/// 2. What a job holds is noted here, so that its slots are kept while it runs (`SlotKeeper`).
/// 3. A job whose time is a moment away waits for it in its worker. One that is too late for it, since the answer was, asks again.
/// 4. A slot that could not be freed ends with its time, since nobody keeps it.
/// </summary>
internal sealed class LimitGate
{
    readonly LimitStore store;
    readonly TimeProvider clock;
    readonly ILogger logger;
    readonly string identity;
    readonly SharedCalls<LimitAsk, LimitAnswer> asks;
    readonly SharedCalls<(HeldSlot Slot, TimeSpan Held), bool> ends;
    readonly ConcurrentDictionary<HeldSlot, long> held = new();
    readonly ConcurrentDictionary<string, LimitDefinition> declared = new(StringComparer.Ordinal);

    public LimitGate(LimitStore store, string identity, TimeSpan lease, TimeProvider clock, ILogger logger)
    {
        (this.store, this.identity, this.clock, this.logger) = (store, identity, clock, logger);
        asks = new(LimitStore.MostAsks, batch => Take(batch, lease));
        ends = new(LimitStore.MostSlots, Free);
    }

    public IReadOnlyList<HeldSlot> Held => [.. held.Keys];

    // Once for each definition of this process: what another one declares later applies, also after an outage.
    public async Task Declare(IReadOnlyList<LimitDefinition> limits)
    {
        LimitDefinition[] news = [.. limits.Where(limit => !declared.ContainsKey(limit.Name))];
        if (news.Length == 0)
        {
            return;
        }

        foreach (var (name, before) in await store.Declare(news).ConfigureAwait(false))
        {
            var now = news.First(limit => limit.Name == name);
            logger.LimitChanged(name, now.ToString(), LimitDefinition.Parse(name, before)?.ToString() ?? before);
        }

        foreach (var limit in news)
        {
            declared[limit.Name] = limit;
        }
    }

    // Waits for Redis, however long it takes: a job neither starts nor fails because Redis is away.
    public async Task<LimitAnswer> Ask(
        Delivery delivery,
        SidekiqJob job,
        IReadOnlyList<LimitUse> uses,
        CancellationToken cancellationToken
    )
    {
        var ask = new LimitAsk(Holder(delivery), delivery.Queue, job.Jid ?? "", job.Metadata?.Limited ?? 0, uses);
        var slack = uses.Min(use => use.Definition.Slack) ?? TimeSpan.MaxValue;
        var backOff = new BackOff();
        while (true)
        {
            try
            {
                var answer = await asks.Ask(ask).ConfigureAwait(false);
                Note(delivery, job, answer);
                if (answer.Due is not null || await IsInTime(answer, slack, cancellationToken).ConfigureAwait(false))
                {
                    return answer;
                }

                await Free(delivery, answer.Uses).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (ConnectionException fault) when (fault.IsTransient)
            {
                await Task.Delay(backOff.Next(), clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async Task Free(Delivery delivery, IReadOnlyList<LimitUse> uses)
    {
        try
        {
            await Task.WhenAll(uses.Select(use => Free(new HeldSlot(use, Holder(delivery))))).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is ConnectionException or SidekiqRedisException)
        {
            LogContext.Debug?.Log(fault, "Slots of a job of queue {Queue} end with their time", delivery.Queue);
        }
    }

    // Those of jobs that have ended since.
    public Task FreeEnded(IReadOnlyList<HeldSlot> slots) =>
        Task.WhenAll(
            slots.Where(slot => !held.ContainsKey(slot)).Select(slot => ends.Ask((slot, TimeSpan.Zero)) as Task)
        );

    // Waits until the job may start.
    async Task<bool> IsInTime(LimitAnswer answer, TimeSpan slack, CancellationToken cancellationToken)
    {
        if (answer.Wait - clock.GetElapsedTime(answer.Asked) is { Ticks: > 0 } early)
        {
            await Task.Delay(early, clock, cancellationToken).ConfigureAwait(false);
        }

        return clock.GetElapsedTime(answer.Asked) - answer.Wait <= slack;
    }

    async Task<IReadOnlyList<LimitAnswer>> Take(IReadOnlyList<LimitAsk> batch, TimeSpan lease)
    {
        var asked = clock.GetTimestamp();
        var answers = await store.Take(batch, lease).ConfigureAwait(false);
        return [.. answers.Select(answer => answer with { Asked = asked })];
    }

    Task Free(HeldSlot slot) =>
        held.TryRemove(slot, out var since) ? ends.Ask((slot, clock.GetElapsedTime(since))) : Task.CompletedTask;

    async Task<IReadOnlyList<bool>> Free(IReadOnlyList<(HeldSlot Slot, TimeSpan Held)> slots)
    {
        await store.Free(slots).ConfigureAwait(false);
        return new bool[slots.Count];
    }

    void Note(Delivery delivery, SidekiqJob job, LimitAnswer answer)
    {
        if (answer.Due is { } due)
        {
            logger.Limited(job.Jid, job.Class, delivery.Queue, due, string.Join(", ", answer.Uses));
            return;
        }

        foreach (var use in answer.Uses)
        {
            held[new HeldSlot(use, Holder(delivery))] = clock.GetTimestamp();
        }
    }

    // A delivery, since a job that runs twice takes two slots.
    string Holder(Delivery delivery) => $"{identity}:{delivery.Number}";
}
