using System.Runtime.CompilerServices;

namespace MassTransit.Sidekiq;

// One of Sidekiq's sets. It moves jobs as the poller does: removing the member is the claim, so no job is moved twice.
internal sealed class JobSet(IInspected inspected, DueSet set) : ISidekiqJobSet
{
    const int PageSize = DueJobStore.MostJobs;

    InspectionStore Store => inspected.Stores.Inspection;

    SetWalk Walk => new(this);

    public Task<long> Count(CancellationToken cancellationToken = default) =>
        Store.Count(set).WaitAsync(cancellationToken);

    public Task<long> Count(DateTimeOffset before, CancellationToken cancellationToken = default) =>
        Store.Count(set, before).WaitAsync(cancellationToken);

    public async IAsyncEnumerable<SidekiqEntry> Entries(
        DateTimeOffset? from = null,
        bool newestFirst = false,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        (byte[]? Member, double? Score) behind = (null, from is { } time ? Score.ToSeconds(time) : null);
        var reached = behind;
        IReadOnlyList<(byte[] Member, double Score)> page;
        do
        {
            page = await Store
                .Page(set, newestFirst, behind.Member, behind.Score, PageSize)
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            foreach (var (member, score) in page)
            {
                if (!WasRead(member, score, reached, newestFirst))
                {
                    reached = (member, score);
                    yield return RegistryReader.Entry(member, score, "");
                }
            }

            behind = page.Count > 0 ? page[^1] : behind;
        } while (page.Count == PageSize);
    }

    public async Task<SidekiqEntry?> Find(string jid, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(jid);

        var cursor = "0";
        do
        {
            var (next, found) = await Store.Search(set, cursor, jid).WaitAsync(cancellationToken).ConfigureAwait(false);
            foreach (var (member, score) in found)
            {
                if (RegistryReader.Entry(member, score, "") is { Job: { } job } entry && job.Jid == jid)
                {
                    return entry;
                }
            }

            cursor = next;
        } while (cursor != "0");

        return null;
    }

    public async Task<bool> Retry(SidekiqEntry entry, CancellationToken cancellationToken = default)
    {
        var move = Due(Checked(entry)) ?? throw new ArgumentException(JobEditor.NotAJob, nameof(entry));

        return await Push([move], cancellationToken).ConfigureAwait(false) == 1;
    }

    public Task<bool> RetryWith(SidekiqEntry entry, string args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        return Push(entry, new JobEditor(inspected.Contracts).Change(Checked(entry), args), cancellationToken);
    }

    public Task<bool> RetryOn(SidekiqEntry entry, string queue, CancellationToken cancellationToken = default) =>
        Push(Checked(entry), new JobChange(QueueMover.Require(queue)), cancellationToken);

    public async Task<bool> Move(SidekiqEntry entry, string queue, CancellationToken cancellationToken = default)
    {
        var change = new JobChange(QueueMover.Require(queue));
        var job = Checked(entry).Job ?? throw new ArgumentException(JobEditor.NotAJob, nameof(entry));
        var count = await inspected
            .Stores.DueJobs.Replace(set, entry.Json, change.Apply(job), queue)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);

        return QueueMover.Moved(count, queue) == 1;
    }

    public async Task<bool> Kill(SidekiqEntry entry, CancellationToken cancellationToken = default)
    {
        var killed = await Bury(Checked(entry), cancellationToken).ConfigureAwait(false);
        if (killed)
        {
            // A death, as in Ruby's API.
            await inspected
                .Died(entry.Json, DueMove.QueueOf(entry.Job), new SidekiqJobKilledException())
                .ConfigureAwait(false);
        }

        return killed;
    }

    public Task<bool> Delete(SidekiqEntry entry, CancellationToken cancellationToken = default) =>
        (
            Checked(entry).Job?.Ties is { Any: true } ties
                ? inspected.Stores.Tied.Remove(set, entry.Json, ties)
                : Store.Delete(set, entry.Json)
        ).WaitAsync(cancellationToken);

    public Task<bool> Reschedule(
        SidekiqEntry entry,
        DateTimeOffset at,
        CancellationToken cancellationToken = default
    ) => Store.Reschedule(set, Checked(entry).Json, at).WaitAsync(cancellationToken);

    public async Task<SidekiqGroups> Groups(int most = 1000, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        var groups = new JobGroups();
        await foreach (
            var entry in Entries(newestFirst: true, cancellationToken: cancellationToken).ConfigureAwait(false)
        )
        {
            if (groups.Seen == most)
            {
                return groups.End(isComplete: false);
            }

            groups.Add(entry);
        }

        return groups.End(isComplete: true);
    }

    public Task<long> RetryAll(CancellationToken cancellationToken = default) => RetryAll(_ => true, cancellationToken);

    public Task<long> RetryAll(Func<SidekiqEntry, bool> which, CancellationToken cancellationToken = default) =>
        Walk.All(
            which,
            entries => Push([.. entries.Select(entry => Due(entry)).OfType<DueMove>()], cancellationToken),
            cancellationToken
        );

    public Task<long> KillAll(CancellationToken cancellationToken = default) => KillAll(_ => true, cancellationToken);

    public Task<long> KillAll(Func<SidekiqEntry, bool> which, CancellationToken cancellationToken = default) =>
        set == DueSet.Dead
            ? Task.FromResult(0L)
            : Walk.Each(which, entry => Bury(entry, cancellationToken), cancellationToken);

    public Task<long> DeleteAll(Func<SidekiqEntry, bool> which, CancellationToken cancellationToken = default) =>
        Walk.Each(which, entry => Delete(entry, cancellationToken), cancellationToken);

    public Task<long> RetryAllOn(
        string queue,
        Func<SidekiqEntry, bool> which,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(which);
        var change = new JobChange(QueueMover.Require(queue));
        return Walk.Each(
            entry => entry.IsJob && which(entry),
            entry => Push(entry, change, cancellationToken),
            cancellationToken
        );
    }

    public Task<long> MoveAll(
        string queue,
        Func<SidekiqEntry, bool> which,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(which);
        var change = new JobChange(QueueMover.Require(queue));
        return Walk.Each(
            entry => entry.IsJob && which(entry),
            async entry =>
            {
                var changed = change.Apply(entry.Job!);
                var count = await inspected
                    .Stores.DueJobs.Replace(set, entry.Json, changed, queue)
                    .ConfigureAwait(false);
                // One that would become equal to another of the set stays as it is, and does not stop the others.
                return count != -2 && QueueMover.Moved(count, queue) == 1;
            },
            cancellationToken,
            isThere: entry => DueMove.QueueOf(entry.Job) == queue
        );
    }

    public Task<long> RescheduleAll(
        DateTimeOffset at,
        Func<SidekiqEntry, bool> which,
        CancellationToken cancellationToken = default
    )
    {
        var time = at.ToUnixTimeMilliseconds();
        return Walk.Each(
            which,
            entry => Reschedule(entry, at, cancellationToken),
            cancellationToken,
            isThere: entry => entry.At?.ToUnixTimeMilliseconds() == time
        );
    }

    public Task<long> Clear(CancellationToken cancellationToken = default) =>
        Store.Clear(set).WaitAsync(cancellationToken);

    async Task<int> Push(IReadOnlyList<DueMove> moves, CancellationToken cancellationToken)
    {
        var pushed = await inspected
            .Stores.DueJobs.PushDue(set, moves)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);
        return pushed.Refusal is { } refusal
            ? throw new SidekiqRedisException($"Redis refused to move a job, which stays in {set}: {refusal}")
            : pushed.Moved;
    }

    async Task<bool> Push(SidekiqEntry entry, JobChange change, CancellationToken cancellationToken)
    {
        var move = Due(entry, change) ?? throw new ArgumentException(JobEditor.NotAJob, nameof(entry));
        var count = await inspected
            .Stores.DueJobs.PushChanged(set, move)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);

        return QueueMover.Moved(count, move.Queue) == 1;
    }

    DueMove? Due(SidekiqEntry entry, JobChange? change = null) =>
        DueMove.Of(
            entry.Json,
            inspected.Clock.GetUtcNow(),
            inspected.TimeFormat,
            givesBackAttempt: set is DueSet.Retry or DueSet.Dead,
            change
        );

    Task<bool> Bury(SidekiqEntry entry, CancellationToken cancellationToken) =>
        set == DueSet.Dead
            ? Task.FromResult(false)
            : inspected
                .Stores.DueJobs.BuryUnreadable(set, entry.Json, inspected.Clock.GetUtcNow(), entry.Job?.Ties ?? default)
                .WaitAsync(cancellationToken);

    static SidekiqEntry Checked(SidekiqEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry;
    }

    // If the last entry of the previous page has left the set, the next page begins with all entries of its score. Those
    // already read sort before it, byte by byte.
    static bool WasRead(byte[] member, double score, (byte[]? Member, double? Score) reached, bool newestFirst) =>
        reached.Member is { } last
        && score == reached.Score
        && (newestFirst ? -1 : 1) * member.AsSpan().SequenceCompareTo(last) <= 0;
}
