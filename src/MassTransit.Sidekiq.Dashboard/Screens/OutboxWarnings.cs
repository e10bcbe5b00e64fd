namespace MassTransit.Sidekiq;

// What the overview says of the outboxes. It waits a second for them at most, beside its other reads.
internal sealed class OutboxWarnings(IReadOnlyList<OutboxWatch> outboxes)
{
    static readonly TimeSpan timeout = TimeSpan.FromSeconds(1);

    public async Task<IReadOnlyList<Warning>> Read(CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(outboxes.Select(outbox => Read(outbox, cancellationToken)))
            .ConfigureAwait(false);
        return [.. found.SelectMany(warnings => warnings)];
    }

    static async Task<IEnumerable<Warning>> Read(OutboxWatch outbox, CancellationToken cancellationToken)
    {
        try
        {
            return Of(outbox.Name, await outbox.State(timeout, cancellationToken).ConfigureAwait(false));
        }
        catch (SidekiqOutboxException away)
        {
            return [new Warning(away.Message, "Its messages wait there, and nothing else is affected.")];
        }
    }

    internal static IEnumerable<Warning> Of(string name, SidekiqOutboxState state)
    {
        if (state.IsBehind)
        {
            yield return new Warning(
                $"The oldest of {Show.Bounded(state.Pending, state.Limit)} messages in the outbox of {name} waits for {Show.Age(state.OldestAge)} (limit {Show.Age(state.HealthyAge)}).",
                "Start a process that drains it, and see its log."
            );
        }

        if (state.SetAside > 0)
        {
            yield return new Warning(
                $"The outbox of {name} has set {Show.Bounded(state.SetAside, state.Limit)} {(state.SetAside == 1 ? "message" : "messages")} aside, which could not be sent.",
                "See why on the page Outbox, then release or discard them."
            );
        }
    }
}
