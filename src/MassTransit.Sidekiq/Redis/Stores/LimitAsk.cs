namespace MassTransit.Sidekiq;

// A job that is about to start: what its slots are held as, where it comes from, how often it was denied before, and the limits that it
// needs.
internal sealed record LimitAsk(string Holder, string Queue, string Jid, int Denials, IReadOnlyList<LimitUse> Uses);

// When to ask again, and the limits that have no room; or null, how long after `Asked`, a timestamp, the job may start, and the limits of
// which it holds slots now.
internal sealed record LimitAnswer(
    DateTimeOffset? Due,
    IReadOnlyList<LimitUse> Uses,
    TimeSpan Wait = default,
    long Asked = 0
);

// A slot that a running job holds.
internal sealed record HeldSlot(LimitUse Use, string Holder);
