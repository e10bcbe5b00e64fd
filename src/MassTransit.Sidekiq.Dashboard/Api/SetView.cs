namespace MassTransit.Sidekiq;

// A page of a set; the next one is behind the key `next`. Groups are on the first page alone.
internal sealed record SetView(long Count, IReadOnlyList<JobView> Jobs, string? Next, GroupsView? Groups)
{
    public static SetView Of(DashboardCall call, SetModel model) =>
        new(
            model.Count,
            [.. model.Entries.Select(entry => JobView.Of(call, entry))],
            model.Next,
            model.Groups is { } groups ? GroupsView.Of(groups) : null
        );
}

// Counted among the newest entries that were seen; an action on a group goes through all of the set.
internal sealed record GroupsView(IReadOnlyList<GroupView> Groups, int Seen, bool IsComplete)
{
    const int Most = 50;

    public static GroupsView Of(SidekiqGroups groups) =>
        new(
            [
                .. groups
                    .Groups.Take(Most)
                    .Select(group => new GroupView(
                        group.Class,
                        group.ErrorClass,
                        group.Count,
                        group.First?.UtcDateTime,
                        group.Last?.UtcDateTime
                    )),
            ],
            groups.Seen,
            groups.IsComplete && groups.Groups.Count <= Most
        );
}

internal sealed record GroupView(string? Class, string? Error, int Count, DateTime? First, DateTime? Last);
