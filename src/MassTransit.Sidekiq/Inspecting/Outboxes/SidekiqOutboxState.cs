namespace MassTransit;

/// <summary>What an outbox holds at one moment. A number that equals <paramref name="Limit" /> means that many or more.</summary>
/// <param name="Limit">How far each table was counted.</param>
/// <param name="Pending">Messages that are committed and not yet sent.</param>
/// <param name="OldestAge">How long the oldest of them has waited; zero when there is none.</param>
/// <param name="SetAside">Messages that could not be sent.</param>
/// <param name="Inbox">Messages that consumers are remembered to have consumed.</param>
public sealed record SidekiqOutboxState(int Limit, int Pending, TimeSpan OldestAge, int SetAside, int Inbox)
{
    /// <summary>The age of the oldest message from which the outbox is behind.</summary>
    public required TimeSpan HealthyAge { get; init; }

    /// <summary>Messages that this process has sent in the last 60 seconds; null where it leaves that to others.</summary>
    public long? DrainedLastMinute { get; init; }

    /// <summary>Jobs that were sent and are not known to be completed; null where jobs are not kept until then.</summary>
    public SidekiqOutboxAges? Open { get; init; }

    /// <summary>Kept jobs that died; null where jobs are not kept.</summary>
    public SidekiqOutboxAges? Dead { get; init; }

    /// <summary>Whether the oldest message has waited for longer than <see cref="HealthyAge" />.</summary>
    public bool IsBehind => OldestAge > HealthyAge;
}

/// <summary>Jobs by the time since they were sent. All three together are counted as far as the limit of the state.</summary>
/// <param name="LastHour">Within the last hour.</param>
/// <param name="LastDay">Before that, within 24 hours.</param>
/// <param name="Older">Before that.</param>
public sealed record SidekiqOutboxAges(int LastHour, int LastDay, int Older)
{
    /// <summary>All of them.</summary>
    public int Count => LastHour + LastDay + Older;
}
