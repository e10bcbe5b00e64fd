namespace MassTransit.Sidekiq;

// Takes a step on many entries of a set, a hundred at a time. Only the entries that the set holds now: jobs that fail again
// meanwhile return with a later time, and are not moved again.
internal sealed class SetWalk(ISidekiqJobSet set)
{
    const int PageSize = DueJobStore.MostJobs;

    // `isThere`: what is where it is to go, moved by us or from the beginning, does not count among them.
    public async Task<long> All(
        Func<SidekiqEntry, bool> which,
        Func<IReadOnlyList<SidekiqEntry>, Task<int>> step,
        CancellationToken cancellationToken,
        Func<SidekiqEntry, bool>? isThere = null
    )
    {
        ArgumentNullException.ThrowIfNull(which);
        var (moved, left) = (0L, await set.Count(cancellationToken).ConfigureAwait(false));
        var batch = new List<SidekiqEntry>(PageSize);
        await foreach (var entry in set.Entries(cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (isThere?.Invoke(entry) == true)
            {
                continue;
            }

            if (which(entry))
            {
                batch.Add(entry);
            }

            left--;
            if (batch.Count == PageSize || left == 0)
            {
                moved += await step(batch).ConfigureAwait(false);
                batch.Clear();
            }

            if (left == 0)
            {
                break;
            }
        }

        return moved + (batch.Count == 0 ? 0 : await step(batch).ConfigureAwait(false));
    }

    public Task<long> Each(
        Func<SidekiqEntry, bool> which,
        Func<SidekiqEntry, Task<bool>> step,
        CancellationToken cancellationToken,
        Func<SidekiqEntry, bool>? isThere = null
    ) =>
        All(
            which,
            async entries =>
            {
                var done = await Task.WhenAll(entries.Select(step)).ConfigureAwait(false);
                return done.Count(isDone => isDone);
            },
            cancellationToken,
            isThere
        );
}
