using System.Globalization;
using System.Runtime.CompilerServices;

namespace MassTransit.Sidekiq;

// Sidekiq's API on the current connections of a bus, before it starts as well, or on those of a process without a bus.
internal sealed class SidekiqInspector(IInspected inspected) : ISidekiqInspector
{
    const int PageSize = 100;
    const int MostDays = 1827;
    const int LongestJid = 255;

    public ISidekiqJobSet RetrySet { get; } = new JobSet(inspected, DueSet.Retry);

    public ISidekiqJobSet ScheduledSet { get; } = new JobSet(inspected, DueSet.Schedule);

    public ISidekiqJobSet DeadSet { get; } = new JobSet(inspected, DueSet.Dead);

    public ISidekiqPeriodicJobs Periodic { get; } = new PeriodicJobs(inspected);

    public ISidekiqBatchList Batches { get; } = new BatchList(inspected);

    public ISidekiqTopics Topics { get; } = new SidekiqTopics(inspected);

    InspectionStore Store => inspected.Stores.Inspection;

    public async Task<IReadOnlyList<SidekiqLimit>> Limits(CancellationToken cancellationToken = default)
    {
        var limits = await inspected.Stores.Limits.Read().WaitAsync(cancellationToken).ConfigureAwait(false);
        return
        [
            .. limits
                .Select(LimitReader.Read)
                .OfType<SidekiqLimit>()
                .OrderBy(limit => limit.Name, StringComparer.Ordinal),
        ];
    }

    public async Task<SidekiqStats> Stats(CancellationToken cancellationToken = default) =>
        (await Overview(cancellationToken).ConfigureAwait(false)).Stats;

    public async Task<SidekiqOverview> Overview(CancellationToken cancellationToken = default)
    {
        var counters = Store.Counters([null]);
        var queues = Store.Queues();
        var processes = Store.Processes();
        var (scheduled, retries, dead) = (
            Store.Count(DueSet.Schedule),
            Store.Count(DueSet.Retry),
            Store.Count(DueSet.Dead)
        );
        await Task.WhenAll(counters, queues, processes, scheduled, retries, dead)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);

        var listed = Listed(processes.Result);
        var stats = new SidekiqStats
        {
            Processed = counters.Result[0].Processed,
            Failed = counters.Result[0].Failed,
            Enqueued = queues.Result.Sum(queue => queue.Size),
            Scheduled = scheduled.Result,
            Retries = retries.Result,
            Dead = dead.Result,
            Processes = listed.Count,
            Busy = listed.Sum(process => (long)process.Busy),
        };
        return new SidekiqOverview(stats, Listed(queues.Result), listed);
    }

    public async Task<IReadOnlyList<SidekiqDay>> History(int days, CancellationToken cancellationToken = default)
    {
        if (days is < 1 or > MostDays)
        {
            throw new ArgumentOutOfRangeException(
                nameof(days),
                days,
                $"{days} days are not from 1 to {MostDays}: Sidekiq forgets after five years."
            );
        }

        var today = DateOnly.FromDateTime(inspected.Clock.GetUtcNow().UtcDateTime);
        DateOnly[] dates = [.. Enumerable.Range(0, days).Select(ago => today.AddDays(-ago))];
        var counters = await Store
            .Counters([.. dates.Select(date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))])
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);

        return [.. dates.Zip(counters, (date, counted) => new SidekiqDay(date, counted.Processed, counted.Failed))];
    }

    public async Task<IReadOnlyList<SidekiqQueue>> Queues(CancellationToken cancellationToken = default) =>
        Listed(await Store.Queues().WaitAsync(cancellationToken).ConfigureAwait(false));

    public IAsyncEnumerable<SidekiqEntry> Jobs(string queue, CancellationToken cancellationToken = default) =>
        Jobs(queue, skip: 0, cancellationToken);

    public async IAsyncEnumerable<SidekiqEntry> Jobs(
        string queue,
        long skip,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegative(skip);

        IReadOnlyList<byte[]> page;
        for (var position = skip; ; position += page.Count)
        {
            page = await Store.Jobs(queue, position, PageSize).WaitAsync(cancellationToken).ConfigureAwait(false);
            foreach (var job in page)
            {
                yield return RegistryReader.Entry(job, score: null, queue);
            }

            if (page.Count < PageSize)
            {
                yield break;
            }
        }
    }

    public Task<bool> Delete(string queue, SidekiqEntry job, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        var removed = job.Job?.Ties is { Any: true } ties
            ? inspected.Stores.Tied.Remove(queue, job.Json, ties)
            : Store.Delete(queue, job.Json);
        return removed.WaitAsync(cancellationToken);
    }

    public Task<bool> Move(
        string queue,
        SidekiqEntry job,
        string otherQueue,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(job);
        return new QueueMover(Store).One(queue, job, otherQueue).WaitAsync(cancellationToken);
    }

    public Task<long> MoveAll(string queue, string otherQueue, CancellationToken cancellationToken = default) =>
        new QueueMover(Store).All(queue, otherQueue, cancellationToken);

    public SidekiqArgsCheck ArgsCheck(SidekiqEntry job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return new JobEditor(inspected.Contracts).Check(job);
    }

    public SidekiqJob Redacted(SidekiqJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return inspected.Redaction.Of(job);
    }

    public Task<long> Clear(string queue, CancellationToken cancellationToken = default) =>
        Store.Clear(queue).WaitAsync(cancellationToken);

    public Task Pause(string queue, CancellationToken cancellationToken = default) =>
        Store.Pause(queue).WaitAsync(cancellationToken);

    public Task Unpause(string queue, CancellationToken cancellationToken = default) =>
        Store.Unpause(queue).WaitAsync(cancellationToken);

    public async Task<IReadOnlyList<SidekiqProcessInfo>> Processes(CancellationToken cancellationToken = default) =>
        Listed(await Store.Processes().WaitAsync(cancellationToken).ConfigureAwait(false));

    public async Task<SidekiqClaims> Claims(int most = 100, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        var (owners, isComplete) = await inspected
            .Stores.Owners.Read(most)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);

        return new SidekiqClaims(
            [
                .. owners.Select(state => new SidekiqClaim(
                    state.Owner.Identity,
                    state.Owner.Queue,
                    state.Jobs,
                    state.IsAlive
                )),
            ],
            isComplete
        );
    }

    public Task<IReadOnlyList<SidekiqWork>> Work(CancellationToken cancellationToken = default) =>
        RunningJobs.Read(inspected.Stores).WaitAsync(cancellationToken);

    public Task<IReadOnlyList<SidekiqClassMetrics>> Metrics(
        TimeSpan last,
        CancellationToken cancellationToken = default
    ) => Reader().Classes(last).WaitAsync(cancellationToken);

    public Task<SidekiqJobMetrics> Metrics(
        string jobClass,
        TimeSpan last,
        CancellationToken cancellationToken = default
    ) => Reader().Class(jobClass, last).WaitAsync(cancellationToken);

    public Task<IReadOnlyList<SidekiqDeploy>> Deploys(TimeSpan last, CancellationToken cancellationToken = default) =>
        Reader().Deploys(last).WaitAsync(cancellationToken);

    public Task<bool> MarkDeploy(string label, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(label);
        return inspected.Stores.Metrics.Mark(label, inspected.Clock.GetUtcNow()).WaitAsync(cancellationToken);
    }

    public Task<SidekiqSearch> Search(string text, int most = 100, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        return new JobFinder(Store, text, most).Run(cancellationToken);
    }

    public async Task<SidekiqRedisServer> Redis(CancellationToken cancellationToken = default)
    {
        var asked = RealTime.Clock.GetTimestamp();
        var info = await Store.Info().WaitAsync(cancellationToken).ConfigureAwait(false);
        var roundTrip = RealTime.Clock.GetElapsedTime(asked);
        var redis = inspected.Stores.Redis;
        var skew = await redis.Skew.Measure().WaitAsync(cancellationToken).ConfigureAwait(false);

        return ServerReader.Read(info, redis.Settings.Address, roundTrip) with
        {
            ClockSkew = skew,
        };
    }

    public Task<SidekiqCancellation> Cancel(string jid, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(jid);
        if (jid.Length > LongestJid)
        {
            throw new ArgumentException(
                $"The jid has {jid.Length} characters, and {LongestJid} are the most that a job is cancelled by: Redis keeps a mark of this name for 30 days. Name the job by its own jid.",
                nameof(jid)
            );
        }

        return new JobCanceller(this, inspected.Stores, jid, inspected.Clock.GetUtcNow()).Run(cancellationToken);
    }

    public Task<bool> Quiet(string identity, CancellationToken cancellationToken = default) =>
        Store.Signal(identity, "TSTP").WaitAsync(cancellationToken);

    public Task<bool> Stop(string identity, CancellationToken cancellationToken = default) =>
        Store.Signal(identity, "TERM").WaitAsync(cancellationToken);

    SidekiqQueue[] Listed(IReadOnlyList<QueueState> queues)
    {
        var now = inspected.Clock.GetUtcNow();
        return
        [
            .. queues
                .Select(queue => new SidekiqQueue(queue.Name, queue.Size, queue.Latency(now), queue.IsPaused))
                .OrderBy(queue => queue.Name, StringComparer.Ordinal),
        ];
    }

    static IReadOnlyList<SidekiqProcessInfo> Listed(IReadOnlyList<RegisteredProcess> processes) =>
        [.. processes.Select(RegistryReader.Process).OrderBy(process => process.Identity, StringComparer.Ordinal)];

    MetricsReader Reader() => new(inspected.Stores.Metrics, inspected.Clock);
}
