namespace MassTransit.Sidekiq;

// Turns the messages of a batch into jobs and pushes them, in two steps: the relay removes the messages in between, and
// knows before anything is sent whether it can.
internal sealed class JobPush(BusRuntime runtime)
{
    readonly StagedContracts contracts = new(runtime.Contracts);
    readonly JobDestinations destinations = new(runtime.Entities);

    // Both steps at once, where nothing has to be removed.
    public async Task<OutboxOutcome> Push(IReadOnlyList<OutboxMessage> messages)
    {
        var run = Prepare(messages);
        await run.Send().ConfigureAwait(false);

        return run.Outcome;
    }

    // Does no I/O, and throws nothing: a message that cannot become a job is set aside.
    public PushRun Prepare(
        IReadOnlyList<OutboxMessage> messages,
        IReadOnlyDictionary<int, UnreadableRow>? unreadable = null,
        JobLedger? ledger = null
    )
    {
        var outcome = new OutboxOutcome();
        var plan = new PushPlan(runtime, contracts, destinations, ledger, outcome);
        var cancelled = Cancelled(messages);
        for (var i = 0; i < messages.Count; i++)
        {
            if (cancelled.Contains(i))
            {
                continue;
            }

            try
            {
                if (unreadable is not null && unreadable.TryGetValue(i, out var row))
                {
                    throw row.Fault;
                }

                plan.Add(i, messages[i]);
            }
            catch (Exception fault)
            {
                // A body that is not JSON, an address of another transport, a time out of range.
                outcome.SetAside(i, fault);
            }
        }

        var steps = plan.End();
        outcome.Planned();

        return new PushRun(runtime, steps, outcome);
    }

    // Scheduled messages and their cancellations that are both still here: neither has to reach Redis.
    static HashSet<int> Cancelled(IReadOnlyList<OutboxMessage> messages)
    {
        var both = new HashSet<int>();
        var scheduled = new Dictionary<Guid, List<int>>();
        for (var i = 0; i < messages.Count; i++)
        {
            var (token, isCancellation) = StagedMessage.TokenOf(messages[i]);
            if (token is not { } id)
            {
                continue;
            }

            if (!isCancellation)
            {
                (scheduled.TryGetValue(id, out var found) ? found : scheduled[id] = []).Add(i);
            }
            else if (scheduled.Remove(id, out var ended))
            {
                both.UnionWith([.. ended, i]);
            }
        }

        return both;
    }
}
