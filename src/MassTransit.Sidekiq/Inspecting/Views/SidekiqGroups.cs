namespace MassTransit;

/// <summary>The entries of a set by class and error.</summary>
/// <param name="Groups">The groups, the largest first.</param>
/// <param name="Seen">How many entries were read.</param>
/// <param name="IsComplete">False when the set has more entries.</param>
public sealed record SidekiqGroups(IReadOnlyList<SidekiqGroup> Groups, int Seen, bool IsComplete);

/// <summary>Entries of one class that failed with one error.</summary>
/// <param name="Class">The class; for an ActiveJob, the one inside the wrapper. Null for entries that are not jobs.</param>
/// <param name="ErrorClass">The type of the exception; null for jobs that have not failed.</param>
/// <param name="Count">How many of the entries read belong to it.</param>
/// <param name="First">When the first of them failed for the first time, or is due; null if none has a time.</param>
/// <param name="Last">When one of them failed last, or is due.</param>
public sealed record SidekiqGroup(
    string? Class,
    string? ErrorClass,
    int Count,
    DateTimeOffset? First,
    DateTimeOffset? Last
)
{
    /// <summary>The message of the latest of these failures: others of the group may have another. Null if it has none.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>Whether an entry belongs to this group, for <see cref="ISidekiqJobSet.RetryAll(Func{SidekiqEntry, bool}, CancellationToken)" /> and similar methods.</summary>
    public bool Has(SidekiqEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return KeyOf(entry) == (Class, ErrorClass);
    }

    internal static (string? Class, string? Error) KeyOf(SidekiqEntry entry) =>
        (entry.Job?.Wrapped ?? entry.Job?.Class, entry.Job?.ErrorClass);
}
