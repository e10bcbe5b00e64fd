using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

/// <summary>
/// Sends unique jobs.
/// 1. A job takes its lock in the step that stores it. Where another job holds the lock, nothing is stored.
/// 2. Then the holder is looked for. If it exists nowhere any more, its lock is released and the job is sent again, once.
/// 3. A holder that is this very job was sent before, and its answer lost: that is no conflict.
/// </summary>
internal sealed class UniqueJobs(RedisStores stores, HolderSearch search, ILogger logger)
{
    public async Task Push(TiedPush push)
    {
        push.Unique!.Conflicts = [];
        var holder = await stores.Tied.Push(push).ConfigureAwait(false);
        if (holder is not null && await Free(push.Unique!, [(push.Lock, holder)]).ConfigureAwait(false))
        {
            holder = await stores.Tied.Push(push).ConfigureAwait(false);
        }

        if (holder is null || holder == push.Jid || await IsReplaced(push, holder).ConfigureAwait(false))
        {
            return;
        }

        Report(push.Unique!, [new JobConflict(holder, push.Queue, push.Class)]);
        await Arrive(push.Batch).ConfigureAwait(false);
    }

    // All copies whose locks are free. Returns them with those that had been made before.
    public async Task<Publication> Publish(PublishRequest request)
    {
        var made = await stores.Topics.PublishTied(request).ConfigureAwait(false);
        var (count, copies) = (made.Count, made.Copies.ToHashSet(StringComparer.Ordinal));
        if (await IsFreed(request, made.Held).ConfigureAwait(false))
        {
            made = await stores.Topics.PublishTied(request).ConfigureAwait(false);
            count += made.Count;
            copies.UnionWith(made.Copies);
        }

        // Those that it has just made hold their locks now, and are counted.
        var own = Settle(request, made.Held);
        count += own.Count(copy => !copies.Contains(copy));
        copies.UnionWith(own);
        await Arrive(made.Held.Count > own.Count ? request.Batch : null).ConfigureAwait(false);
        return new Publication(count, copies);
    }

    // The copies of a periodic run that were not made. When a lock was in the way for nothing, the run is published again.
    public async Task Repeat(PublishRequest request, IReadOnlyList<HeldCopy> held)
    {
        if (await IsFreed(request, held).ConfigureAwait(false))
        {
            held = (await stores.Topics.PublishTied(request).ConfigureAwait(false)).Held;
        }

        Settle(request, held);
    }

    Task<bool> IsFreed(PublishRequest request, IReadOnlyList<HeldCopy> held) =>
        held.Count == 0
            ? Task.FromResult(false)
            : Free(
                request.Unique!,
                [.. held.Select(copy => (JobLock.NameOf(copy.Queue, copy.Class, request.Unique!.Digest), copy.Holder))]
            );

    // Returns the copies that hold their locks themselves.
    List<string> Settle(PublishRequest request, IReadOnlyList<HeldCopy> held)
    {
        var ofOthers = held.ToLookup(copy => copy.Holder != JobId.From(request.MessageId, copy.Queue, copy.Class));
        request.Unique!.Conflicts = [];
        if (ofOthers.Contains(true))
        {
            Report(
                request.Unique,
                [.. ofOthers[true].Select(copy => new JobConflict(copy.Holder, copy.Queue, copy.Class))]
            );
        }

        return [.. ofOthers[false].Select(copy => copy.Target)];
    }

    // Whether any lock was in the way for nothing, and is not any more. A lock that ends only with its time outlives its job,
    // and one without a jid is another client's, which never releases it.
    async Task<bool> Free(UniqueJob unique, IReadOnlyList<(string Lock, string Holder)> held)
    {
        var holders = held.Select(one => one.Holder).Where(jid => jid.Length > 0).ToHashSet(StringComparer.Ordinal);
        if (unique.Until == SidekiqUniqueUntil.Expiry || holders.Count == 0)
        {
            return false;
        }

        var gone = (await search.Gone(holders).ConfigureAwait(false)).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, holder) in held.Where(one => gone.Contains(one.Holder)))
        {
            await stores.Locks.Release(name, holder).ConfigureAwait(false);
        }

        return gone.Count > 0;
    }

    async Task<bool> IsReplaced(TiedPush push, string holder)
    {
        if (push.Unique!.OnConflict != SidekiqConflict.Replace || holder.Length == 0)
        {
            return false;
        }

        var cursor = "0";
        do
        {
            (cursor, var found) = await stores.Inspection.Search(DueSet.Schedule, cursor, holder).ConfigureAwait(false);
            foreach (var (member, _) in found)
            {
                if (SidekiqJob.TryParse(member) is { } held && held.Jid == holder)
                {
                    return await stores.Tied.Replace(push, held).ConfigureAwait(false);
                }
            }
        } while (cursor != "0");

        return false;
    }

    // What became no job, or not all of its jobs, has arrived nevertheless. A batch that has ended does not wait for it.
    Task Arrive(string? bid) => bid is null ? Task.CompletedTask : stores.Batches.Arrive(bid);

    void Report(UniqueJob unique, IReadOnlyList<JobConflict> conflicts)
    {
        unique.Conflicts = conflicts;
        foreach (var conflict in conflicts)
        {
            SidekiqMeter.CountConflict(conflict.Queue);
            logger.NotUnique(conflict.Class, conflict.Queue, conflict.Jid);
        }
    }
}
