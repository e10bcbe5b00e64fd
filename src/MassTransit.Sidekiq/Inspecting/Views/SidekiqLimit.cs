namespace MassTransit;

/// <summary>A limit that processes share, as it is now.</summary>
public sealed record SidekiqLimit
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it counts.</summary>
    public SidekiqLimitKind Kind { get; init; }

    /// <summary>How many it lets run at once, or start in a period: for each of its keys.</summary>
    public long Most { get; init; }

    /// <summary>The period of a window or a bucket; null for slots.</summary>
    public TimeSpan? Period { get; init; }

    /// <summary>When a process declared it last, which its definition is of.</summary>
    public DateTimeOffset? DeclaredAt { get; init; }

    /// <summary>How many keys have a limit of their own now; 0 when it has none.</summary>
    public long Keys { get; init; }

    /// <summary>Its uses: one without a key, or those of at most 50 keys, which were used last.</summary>
    public IReadOnlyList<SidekiqLimitUse> Uses { get; init; } = [];
}

/// <summary>How much of a limit is used.</summary>
/// <param name="Key">The key whose own limit this is; null for the limit itself.</param>
/// <param name="Used">Slots that are held, starts within the period, or what the bucket holds.</param>
/// <param name="Waiting">Jobs that were denied and wait in the scheduled set. One that was removed there counts until it would have been due.</param>
/// <param name="LastDue">When the last of those asks again; sooner, when a slot becomes free. Null when none waits.</param>
public sealed record SidekiqLimitUse(string? Key, long Used, long Waiting, DateTimeOffset? LastDue);
