namespace MassTransit.Sidekiq;

/// <summary>
/// Cancels a job by its id.
/// 1. First it is marked, so that it does not slip through while it is searched: whichever process runs it finds the mark.
/// 2. Where it waits it is removed, and the mark with it. Redis searches the retry and scheduled sets, and the next jobs of each
///    queue are compared here.
/// 3. Otherwise it runs, says the last heartbeat of its process, or it is gone.
/// A kill between the steps leaves the mark, and the job ends when it runs.
/// </summary>
internal sealed class JobCanceller(ISidekiqInspector inspector, RedisStores stores, string jid, DateTimeOffset now)
{
    const int MostFound = 100;

    public async Task<SidekiqCancellation> Run(CancellationToken cancellationToken)
    {
        await stores.Cancels.Cancel(jid, now).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (
            await IsRemoved(inspector.RetrySet, cancellationToken).ConfigureAwait(false)
            || await IsRemoved(inspector.ScheduledSet, cancellationToken).ConfigureAwait(false)
            || await IsRemovedFromQueue(cancellationToken).ConfigureAwait(false)
        )
        {
            await stores.Cancels.Forget(jid).WaitAsync(cancellationToken).ConfigureAwait(false);
            return SidekiqCancellation.Removed;
        }

        var running = await inspector.Work(cancellationToken).ConfigureAwait(false);
        return running.Any(work => work.Job?.Jid == jid) ? SidekiqCancellation.Requested : SidekiqCancellation.NotFound;
    }

    async Task<bool> IsRemoved(ISidekiqJobSet set, CancellationToken cancellationToken) =>
        await set.Find(jid, cancellationToken).ConfigureAwait(false) is { } entry
        && await Remove(entry, () => set.Delete(entry, cancellationToken)).ConfigureAwait(false);

    async Task<bool> IsRemovedFromQueue(CancellationToken cancellationToken)
    {
        var search = new JobFinder(stores.Inspection, jid, MostFound);
        var found = await search.InQueues(cancellationToken).ConfigureAwait(false);
        foreach (var (_, entry) in found.Found.Where(finding => finding.Entry.Job?.Jid == jid))
        {
            var isRemoved = await Remove(entry, () => inspector.Delete(entry.Job!.Queue, entry, cancellationToken))
                .ConfigureAwait(false);
            if (isRemoved)
            {
                return true;
            }
        }

        return false;
    }

    // A ledger is told before: it would push the job again. If a worker takes the job meanwhile, the mark ends it there.
    async Task<bool> Remove(SidekiqEntry entry, Func<Task<bool>> delete)
    {
        await stores.Completions.Note(entry.Job, isDead: false, now).ConfigureAwait(false);
        return await delete().ConfigureAwait(false);
    }
}
