namespace MassTransit.Sidekiq;

// Counts the entries of a set by class and error while they are read.
internal sealed class JobGroups
{
    readonly Dictionary<(string? Class, string? Error), SidekiqGroup> groups = [];

    public int Seen { get; private set; }

    public void Add(SidekiqEntry entry)
    {
        Seen++;
        var key = SidekiqGroup.KeyOf(entry);
        var (begun, last) = (entry.Job?.FailedAt ?? entry.At, entry.Job?.RetriedAt ?? entry.Job?.FailedAt ?? entry.At);
        var group = groups.GetValueOrDefault(key) ?? new SidekiqGroup(key.Class, key.Error, 0, null, null);
        var isLatest = !(last <= group.Last);
        groups[key] = group with
        {
            Count = group.Count + 1,
            First = group.First is { } first && !(begun < first) ? first : begun,
            Last = isLatest ? last : group.Last,
            ErrorMessage = isLatest ? entry.Job?.ErrorMessage : group.ErrorMessage,
        };
    }

    public SidekiqGroups End(bool isComplete) =>
        new(
            [
                .. groups
                    .Values.OrderByDescending(group => group.Count)
                    .ThenBy(group => group.Class, StringComparer.Ordinal)
                    .ThenBy(group => group.ErrorClass, StringComparer.Ordinal),
            ],
            Seen,
            isComplete
        );
}
