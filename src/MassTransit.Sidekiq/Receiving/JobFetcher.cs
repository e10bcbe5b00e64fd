using MassTransit.Transports;

namespace MassTransit.Sidekiq;

/// <summary>
/// Keeps an endpoint's workers supplied with jobs.
/// 1. Claim as many jobs as there are free workers (and a few milliseconds' worth more, see `ClaimPace`). The same script
///    acknowledges the jobs finished since the last claim, so under load a job costs a fraction of a round trip.
/// 2. When the queues are empty, block in Redis until a job lands, on a separate connection.
/// 3. When every worker is busy, wait for one (backpressure).
/// 4. When jobs claimed ahead have not started a quarter of a second after they should have, return those that are too many, since
///    competing consumers may be free.
/// 5. At stop, return jobs that have not started to their queues, in order, and let the running jobs settle.
/// </summary>
#pragma warning disable CA1001 // The end of Run disposes them
internal sealed class JobFetcher
#pragma warning restore CA1001
{
    // How long a stop waits for the reply to a step that is under way. After that, the end of the lease frees its jobs.
    static readonly TimeSpan longestAnswer = TimeSpan.FromSeconds(1);

    readonly SidekiqReceiveEndpointContext context;
    readonly SidekiqProcess process;
    readonly QueueOrder queues;
    readonly JobsInHand ledger;
    readonly JobWorkers workers;
    readonly QueueWaiters waiters;
    readonly ClaimPace pace;
    readonly TimeProvider clock;
    readonly WakeUp changed = new();
    readonly int[] order;
    readonly LostClaims lost;
    readonly CancellationTokenSource impatience = new();
    IReadOnlyList<int> paused = [];
    bool drained;
    bool isLook;

    public JobFetcher(SidekiqReceiveEndpointContext context, SidekiqProcess process, IReceivePipeDispatcher dispatcher)
    {
        this.context = context;
        this.process = process;
        clock = context.Runtime.Clock;
        queues = context.Endpoint.Queues;
        order = [.. Enumerable.Range(0, queues.Names.Count)];
        lost = new LostClaims(process.Stores.Claims, queues.Names, clock);
        ledger = new JobsInHand(queues.Names.Count, RealTime.Clock, changed);
        var done = new WorkDone(clock);
        workers = new JobWorkers(context, process, dispatcher, ledger, done);
        pace = new ClaimPace(workers.Concurrency, done, clock);
        waiters = new QueueWaiters(process, queues.Names, context.Endpoint.IsTemporary, clock);
    }

    int Wanted => IsQuiet ? 0 : workers.Concurrency + pace.Ahead - ledger.Held;

    // A quiet process still receives responses.
    bool IsQuiet => process.Control.IsQuiet && !context.Endpoint.IsTemporary;

    TimeSpan? BacklogDueIn => workers.Backlog.DueIn(pace.Horizon);

    bool CanClaim => Wanted >= (drained ? 1 : pace.Step);

    public async Task Run(Func<Exception?, Task> outage, CancellationToken stopping, CancellationToken deadline)
    {
        workers.Start(stopping);
        var backOff = new BackOff();
        await using var wake = stopping.Register(changed.Set).ConfigureAwait(false);
        await using var last = stopping.Register(() => impatience.CancelAfter(longestAnswer)).ConfigureAwait(false);
        await using var quiet = process.Control.Quieted.Register(changed.Set).ConfigureAwait(false);
        using var audit = process.Reconciler.Add(new ClaimHolder(queues.Names, InHand));
        using var listing = context.Endpoint.IsTemporary ? null : process.Roster.Add(workers.Work);

        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await Step(stopping).ConfigureAwait(false);
                if (backOff.Reset())
                {
                    await outage(null).ConfigureAwait(false);
                }
            }
            catch (Exception fault)
            {
                await Recover(fault, outage, backOff.Next(), stopping).ConfigureAwait(false);
            }
        }

        await Stop(deadline).ConfigureAwait(false);
    }

    // The claims of this endpoint: waiting, running, or finished and not yet acknowledged.
    IEnumerable<(string Queue, long Number)> InHand() =>
        workers.InHand().Concat(ledger.Unacknowledged()).Select(claim => (queues.Names[claim.Queue], claim.Number));

    Task Step(CancellationToken stopping)
    {
        pace.Sample();
        if (lost.IsDue)
        {
            return lost.PutBack().WaitAsync(impatience.Token);
        }

        if (IsQuiet && !workers.Backlog.IsEmpty)
        {
            return PutBackUnstarted(except: 0);
        }

        if (BacklogDueIn == TimeSpan.Zero)
        {
            return PutBackOverdue();
        }

        if (ledger.IsDue || (CanClaim && !drained))
        {
            return Claim();
        }

        return CanClaim ? WaitForJob(stopping) : WaitForWorker(stopping);
    }

    async Task Claim()
    {
        if (queues.IsWeighted)
        {
            queues.Shuffle(order, context.Runtime.Random);
        }

        // A wait may already have claimed the next job, with its reply under way: the jobs behind that one must not start before
        // it. A poll of the queues without a wait does not end the waits.
        if (!drained && !isLook && Wanted > 0)
        {
            await waiters.CallOff(lost).ConfigureAwait(false);
        }

        var wanted = drained && waiters.Running > 0 ? 0 : Math.Max(0, Wanted);
        var request = new ClaimRequest
        {
            Queues = queues.Names,
            Order = order,
            Count = wanted,
            FirstNumber = process.Stores.Claims.Reserve(wanted),
            Acknowledged = ledger.TakeSettled(),
        };

        ClaimedJobs claimed;
        try
        {
            var asked = RealTime.Clock.GetTimestamp();
            claimed = await process.Stores.Claims.Claim(request).WaitAsync(impatience.Token).ConfigureAwait(false);
            pace.Answered(RealTime.Clock.GetElapsedTime(asked));
        }
        catch (Exception fault)
        {
            ledger.NotAcknowledged();
            // A refused claim was not executed.
            lost.Add(request.FirstNumber, fault is SidekiqRedisException ? 0 : request.Count);
            throw;
        }

        await Take(claimed, wanted).ConfigureAwait(false);
    }

    async Task Take(ClaimedJobs claimed, int wanted)
    {
        var hasResent = ledger.Acknowledged();
        ledger.Hold(claimed.Jobs.Count);
        foreach (var job in claimed.Jobs)
        {
            workers.Take(job);
        }

        drained = wanted > 0 ? claimed.HasEmptied : drained;
        paused = claimed.Paused;
        if (claimed.Stale > 0 && !hasResent)
        {
            LogContext.Warning?.Log(
                "{Count} jobs were no longer claimed when they finished: this process was suspended for longer than its lease, so they run twice",
                claimed.Stale
            );
        }

        if (claimed.IsLeaseLost)
        {
            await process.Lease.Renew().ConfigureAwait(false);
            drained = false;
        }
    }

    // Nothing is queued and a worker is free. Ends when a job has landed, or when finished jobs have waited long enough for an
    // acknowledgement, or jobs for a worker.
    async Task WaitForJob(CancellationToken stopping)
    {
        var limit = BacklogDueIn is { } due && !(lost.DueIn < due) ? due : lost.DueIn;
        var landed = waiters.Landed(paused, limit, stopping);
        await Task.WhenAny(changed.Wait(), landed).ConfigureAwait(false);

        isLook = waiters.TakeLooks();
        drained = !isLook;
        foreach (var (queue, wait) in waiters.TakeEnded())
        {
            drained &= wait.End == WaitEnd.Claimed && !wait.HasMore;
            if (wait.End == WaitEnd.Claimed && !IsQuiet)
            {
                ledger.Hold(1);
                await workers.TakeHere(new ClaimedJob(queue, wait.Number, wait.Json!)).ConfigureAwait(false);
            }
            else if (wait.End is WaitEnd.Claimed or WaitEnd.InDoubt)
            {
                lost.Add(wait.Number, 1);
            }
        }
    }

    // Every worker has a job. A wait would claim one that no worker here can run, so it is ended first.
    async Task WaitForWorker(CancellationToken stopping)
    {
        await waiters.CallOff(lost).ConfigureAwait(false);

        ledger.Watch(releases: true);
        if (!CanClaim)
        {
            var limit = BacklogDueIn ?? Timeout.InfiniteTimeSpan;
            await changed.Wait(limit, clock, stopping).ConfigureAwait(false);
        }

        ledger.Watch(releases: false);
    }

    // A step failed in Redis: the endpoint is unhealthy until Redis answers again.
    async Task Recover(Exception fault, Func<Exception?, Task> outage, TimeSpan pause, CancellationToken stopping)
    {
        try
        {
            await Task.Delay(pause, clock, stopping).ConfigureAwait(false);
            await outage(fault).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The endpoint stops while Redis is unavailable: the end of the lease frees its claims.
        }

        drained = false;
    }

    // Nothing new is claimed from here on.
    async Task Stop(CancellationToken deadline)
    {
        var farewell = new Farewell(
            $"the jobs of {context.InputAddress} run again when the lease of this process ends"
        );
        await farewell
            .Try("return jobs that had not started to their queues", () => PutBackUnstarted(except: 0))
            .ConfigureAwait(false);
        await workers.Finish(deadline).ConfigureAwait(false);
        // As in Ruby: the stop of a process is not its death, so it does not count towards poison.
        var left = workers.InHand().Select(claim => (queues.Names[claim.Queue], claim.Number));
        await farewell
            .Try("return jobs that still run to their queues", () => process.Stores.Claims.Requeue(left))
            .ConfigureAwait(false);
        await farewell.Try("acknowledge the last finished jobs", Flush).ConfigureAwait(false);
        await waiters.DisposeAsync().ConfigureAwait(false);
        ledger.Dispose();
        impatience.Dispose();
    }

    // Those stay that would be claimed now. If no job has ended meanwhile, the pace is not known any more, and none does.
    Task PutBackOverdue()
    {
        if (workers.Backlog.HasStalled)
        {
            pace.SlowDown();
        }

        return PutBackUnstarted(except: pace.Ahead);
    }

    async Task PutBackUnstarted(int except)
    {
        await waiters.CallOff(lost).ConfigureAwait(false);
        var jobs = workers.TakeBack(except);
        ledger.Release(jobs.Count);
        await lost.PutBack(jobs, impatience.Token).ConfigureAwait(false);
    }

    async Task Flush()
    {
        await lost.PutBack().ConfigureAwait(false);

        var settled = ledger.TakeSettled();
        for (var queue = 0; queue < settled.Count; queue++)
        {
            await process.Stores.Claims.Acknowledge(queues.Names[queue], settled[queue]).ConfigureAwait(false);
        }

        ledger.Acknowledged();
    }
}
