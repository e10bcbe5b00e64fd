using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// Problems on the way to Redis, logged once when they begin and once when they end: a thousand messages to a queue that
// refuses them are one problem.
internal sealed class OutboxTroubles<TDbContext>(OutboxLog<TDbContext> log, TimeProvider clock)
    where TDbContext : DbContext
{
    // An application with more destinations than this generates them.
    const int MostPlaces = 1000;

    readonly Dictionary<string, int> refused = new(StringComparer.Ordinal);
    readonly HashSet<string> unheard = new(StringComparer.Ordinal);
    long? waitsSince;
    bool isUnconfirmed;

    public void Waits(Exception outage)
    {
        if (waitsSince is null)
        {
            waitsSince = clock.GetTimestamp();
            log.Waits(outage.Message);
        }
    }

    public void Drained(IReadOnlyList<OutboxMessage> messages, OutboxOutcome outcome)
    {
        if (waitsSince is { } since && outcome.Outage is null)
        {
            waitsSince = null;
            log.WaitsNoMore(clock.GetElapsedTime(since));
        }

        Refused(messages, outcome);
        Accepted(messages, outcome);
        Unreadable(outcome);
        foreach (var topic in outcome.Unheard.Where(topic => unheard.Count < MostPlaces && unheard.Add(topic)))
        {
            log.Unheard(topic);
        }

        if (outcome.Unconfirmed is { } fault && !isUnconfirmed)
        {
            log.Unconfirmed(fault.Message);
        }
        else if (outcome.Unconfirmed is null && isUnconfirmed && messages.Count > outcome.LeftCount)
        {
            log.Confirmed();
        }

        isUnconfirmed = outcome.Unconfirmed is not null || (isUnconfirmed && messages.Count == outcome.LeftCount);
    }

    // By Redis, because of the destination and not of the message.
    void Refused(IReadOnlyList<OutboxMessage> messages, OutboxOutcome outcome)
    {
        foreach (var (message, fault) in outcome.Faults.Where(fault => fault.Value is SidekiqRedisException))
        {
            var place = Place(messages[message]);
            if (refused.TryGetValue(place, out var before))
            {
                refused[place] = before + 1;
            }
            else if (refused.Count < MostPlaces)
            {
                refused[place] = 1;
                log.Refused(fault, place);
            }
        }
    }

    void Accepted(IReadOnlyList<OutboxMessage> messages, OutboxOutcome outcome)
    {
        for (var message = 0; refused.Count > 0 && message < messages.Count; message++)
        {
            var isSent = !outcome.IsLeft(message) && outcome.Fault(message) is null;
            if (isSent && refused.Remove(Place(messages[message]), out var count))
            {
                log.RefusedNoMore(Place(messages[message]), count);
            }
        }
    }

    // Each is a fault of its own, but a program that writes one such row writes many.
    void Unreadable(OutboxOutcome outcome)
    {
        foreach (
            var alike in outcome
                .Faults.Values.Where(fault => fault is not SidekiqRedisException)
                .GroupBy(fault => fault.GetType())
        )
        {
            log.SetAside(alike.First(), alike.Count());
        }
    }

    static string Place(OutboxMessage message) => message.DestinationAddress?.OriginalString ?? "";
}
