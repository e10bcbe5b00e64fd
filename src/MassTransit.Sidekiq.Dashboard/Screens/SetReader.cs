namespace MassTransit.Sidekiq;

internal sealed record SetModel(
    JobSetKind Kind,
    long Count,
    IReadOnlyList<SidekiqEntry> Entries,
    string? Next,
    SidekiqGroups? Groups,
    IReadOnlyList<string> Queues,
    string? Class
);

internal sealed record JobModel(
    JobSetKind Kind,
    SidekiqEntry Entry,
    string Key,
    IReadOnlyList<string> Queues,
    SidekiqArgsCheck Check,
    string? Typed
);

// A page of a set, and one of its entries.
internal sealed class SetReader(JobSetKind kind)
{
    const int PageSize = 25;
    const int MostGrouped = 1000;

    // A class may have no job in a set of a million: so many are looked at for a page of its own.
    const int MostSought = 1000;

    public async Task<Page?> All(DashboardCall call)
    {
        var count = await kind.Set.Count(call.Aborted).ConfigureAwait(false);
        var groups =
            kind.HasGroups && count > 0 && call.Query("after") is null
                ? await kind.Set.Groups(MostGrouped, call.Aborted).ConfigureAwait(false)
                : null;
        var jobClass = call.Query("class");
        if (jobClass is not null && groups is not null)
        {
            groups = groups with { Groups = [.. groups.Groups.Where(group => group.Class == jobClass)] };
        }

        var (entries, next) = await Read(call, jobClass).ConfigureAwait(false);
        var queues = count > 0 ? await QueueNames.Read(kind.Inspector, call).ConfigureAwait(false) : [];
        return Page.Of<Pages.SetPage>(kind.Title, new SetModel(kind, count, entries, next, groups, queues, jobClass));
    }

    public async Task<Page?> One(DashboardCall call)
    {
        var key = call.Route("key");
        var entry = EntryKey.Parse(key) is { } parsed
            ? await parsed.Find(kind.Set, call.Aborted).ConfigureAwait(false)
            : null;

        if (entry is null)
        {
            return null;
        }

        var queues = await QueueNames.Read(kind.Inspector, call).ConfigureAwait(false);
        var check = kind.Inspector.ArgsCheck(entry);
        return Page.Of<Pages.JobPage>(
            Show.Class(entry),
            new JobModel(kind, entry, key, queues, check, call.Typed("args"))
        );
    }

    // Behind `after`, the key of the entry before; it is sought by its time, so that a page costs the same wherever it is.
    async Task<(IReadOnlyList<SidekiqEntry> Entries, string? Next)> Read(DashboardCall call, string? jobClass)
    {
        var key = call.Query("after");
        var after = key is null ? null : EntryKey.Parse(key);
        var from = after is null ? null : From(after.Milliseconds + (kind.IsNewestFirst ? 1 : 0));
        var isBehind = after is null;
        var (page, last, seen) = (new List<SidekiqEntry>(PageSize), default(SidekiqEntry), 0);
        await foreach (var entry in kind.Set.Entries(from, kind.IsNewestFirst, call.Aborted).ConfigureAwait(false))
        {
            if (!isBehind)
            {
                // What stood before has left since: go on with its time.
                isBehind = EntryKey.Of(entry) == key || IsPast(entry, after!.Milliseconds);
                if (EntryKey.Of(entry) == key || !isBehind)
                {
                    continue;
                }
            }

            if (page.Count == PageSize || seen++ == MostSought)
            {
                return (page, EntryKey.Of(last!));
            }

            last = entry;
            if (jobClass is null || Show.Class(entry) == jobClass)
            {
                page.Add(entry);
            }
        }

        return (page, null);
    }

    bool IsPast(SidekiqEntry entry, long milliseconds)
    {
        var at = entry.At?.ToUnixTimeMilliseconds() ?? 0;
        return kind.IsNewestFirst ? at < milliseconds : at > milliseconds;
    }

    static DateTimeOffset? From(long milliseconds) =>
        milliseconds is > -62_135_596_800_000 and < 253_402_300_799_999
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
}
