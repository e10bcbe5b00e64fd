using System.Collections.Concurrent;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// The workers of an endpoint: each runs one claimed job after another through MassTransit's receive pipe. A worker without a job
// rests, and costs nothing until a job wakes it.
internal sealed class JobWorkers(
    SidekiqReceiveEndpointContext context,
    SidekiqProcess process,
    IReceivePipeDispatcher dispatcher,
    JobsInHand ledger,
    WorkDone done
)
{
    // How long cancelled jobs may take to settle before a stop abandons them.
    static readonly TimeSpan lastGrace = TimeSpan.FromSeconds(1);

    readonly ConcurrentStack<int> resting = new(Enumerable.Range(0, context.Endpoint.Concurrency));
    readonly WakeUp rested = new();
    readonly JobReceiveContext?[] running = new JobReceiveContext?[context.Endpoint.Concurrency];

    // The job of each worker: the position of its queue, and its delivery number; 0 for none.
    readonly int[] queueInHand = new int[context.Endpoint.Concurrency];
    readonly long[] numberInHand = new long[context.Endpoint.Concurrency];
    readonly TimeProvider clock = context.Runtime.Clock;
    JobSteps? steps;

    // The view of these workers for the Busy page, the gauges and the log.
    public EndpointWork Work { get; } =
        new(context.Endpoint.Name, context.Endpoint.Queues, context.Endpoint.Concurrency);

    public JobBacklog Backlog { get; } = new(done, context.Runtime.Clock);

    QueueOrder Queues => context.Endpoint.Queues;

    public int Concurrency => running.Length;

    // The claims that wait here or are running, oldest first. The backlog is read before the workers, since a job moves from the
    // backlog to a worker, and would be missed in the other order.
    public IEnumerable<(int Queue, long Number)> InHand()
    {
        List<(int Queue, long Number)> claims = [.. Backlog.Jobs.Select(job => (job.Queue, job.Number))];
        for (var worker = 0; worker < numberInHand.Length; worker++)
        {
            if (Volatile.Read(ref numberInHand[worker]) is > 0 and var number)
            {
                claims.Add((queueInHand[worker], number));
            }
        }

        return claims.OrderBy(claim => claim.Number);
    }

    public void Start(CancellationToken stopping)
    {
        steps = new JobSteps(process, ledger, clock, stopping);
        stopping.Register(() => Work.IsStopping = true);
    }

    public void Take(ClaimedJob job)
    {
        Count(job);
        Enqueue(job);
    }

    // Runs the job on this thread, which is awake and has the job in its cache; the caller continues on another thread.
    public async Task TakeHere(ClaimedJob job)
    {
        Count(job);
        Backlog.Add(job);
        if (resting.TryPop(out var worker))
        {
            await new HandOver(() => _ = Wake(worker));
        }
    }

    // Removes and returns the jobs that no worker has started, except for the first ones, whose wait begins anew.
    public List<ClaimedJob> TakeBack(int except = 0)
    {
        var jobs = new List<ClaimedJob>();
        while (Backlog.TryTake(out var job))
        {
            jobs.Add(job);
        }

        var kept = Math.Min(except, jobs.Count);
        jobs[..kept].ForEach(Enqueue);
        return jobs[kept..];
    }

    void Enqueue(ClaimedJob job)
    {
        Backlog.Add(job);
        if (resting.TryPop(out var worker))
        {
            ThreadPool.QueueUserWorkItem(
                static work => _ = work.Workers.Wake(work.Worker),
                (Workers: this, Worker: worker),
                preferLocal: false
            );
        }
    }

    void Count(ClaimedJob job)
    {
        if (!context.Endpoint.IsTemporary)
        {
            SidekiqMeter.CountClaimed(Queues.Names[job.Queue]);
        }
    }

    // Graceful shutdown: waits for the running jobs until ConsumerStopTimeout, then cancels them, and waits no longer than the
    // host's deadline.
    public async Task Finish(CancellationToken deadline)
    {
        var finished = AllRest();
        using var undisturbed = CancellationTokenSource.CreateLinkedTokenSource(deadline);
        if (context.ConsumerStopTimeout is { } timeout)
        {
            undisturbed.CancelAfter(timeout);
        }

        if (await Ends(finished, undisturbed.Token).ConfigureAwait(false))
        {
            return;
        }

        Cancel();
        using var grace = new CancellationTokenSource(lastGrace, clock);
        using var last =
            context.ConsumerStopTimeout is null || deadline.IsCancellationRequested
                ? grace
                : CancellationTokenSource.CreateLinkedTokenSource(deadline);

        if (!await Ends(finished, last.Token).ConfigureAwait(false))
        {
            LogContext.Warning?.Log(
                "{Count} jobs ignored their cancellation and were left running: {InputAddress}. They are returned to their queues, and run twice",
                running.Count(job => job is not null),
                context.InputAddress
            );
        }
    }

    async Task<bool> Ends(Task task, CancellationToken limit)
    {
        await Task.WhenAny(task, Task.Delay(Timeout.InfiniteTimeSpan, clock, limit)).ConfigureAwait(false);
        return task.IsCompleted;
    }

    // Callbacks that consumers registered on their tokens may throw or block: each job is cancelled on its own thread.
    void Cancel()
    {
        foreach (var job in running)
        {
            if (job is not null)
            {
                ThreadPool.QueueUserWorkItem(static job => job.Interrupt(), job, preferLocal: false);
            }
        }
    }

    async Task AllRest()
    {
        while (resting.Count < Concurrency)
        {
            await rested.Wait().ConfigureAwait(false);
        }
    }

    async Task Wake(int worker)
    {
        do
        {
            done.Woke();
            while (Backlog.TryTake(out var job))
            {
                queueInHand[worker] = job.Queue;
                Volatile.Write(ref numberInHand[worker], job.Number);
                await Run(worker, job).ConfigureAwait(false);
                Volatile.Write(ref numberInHand[worker], 0);
                done.Ended();
                ledger.Release(1);
            }

            done.Rests();
            resting.Push(worker);
            rested.Set();
        }
        // A job that arrived between the last check and the push would find no resting worker to wake.
        while (!Backlog.IsEmpty && resting.TryPop(out worker));
    }

    // A worker that an exception ends would never be woken again, and a job that was not settled would stay in the working hash.
    // So exceptions of all plug-ins (observers, listeners of activities or meters, loggers) are caught here.
    async Task Run(int worker, ClaimedJob claimed)
    {
        var settlement = new JobSettlement(context, steps!, claimed);
        JobReceiveContext? job = null;
        try
        {
            job = await JobIntake.Read(context, claimed, settlement, process.Redis.Skew).ConfigureAwait(false);
            if (job is not null)
            {
                running[worker] = job;
                Work.Begin(worker, job);
                await dispatcher.Dispatch(job, settlement).ConfigureAwait(false);
            }
        }
        catch (Exception fault)
        {
            await Failed(settlement, job, claimed, fault).ConfigureAwait(false);
        }

        Work.End(worker);
        running[worker] = null;
        try
        {
            Count(settlement, job, claimed.Queue);
            job?.Dispose();
        }
        catch (Exception fault)
        {
            Log(fault, claimed);
        }
    }

    // MassTransit has already settled the job, unless an observer or a listener threw first.
    async Task Failed(JobSettlement settlement, JobReceiveContext? job, ClaimedJob claimed, Exception fault)
    {
        try
        {
            await settlement.Faulted(fault).ConfigureAwait(false);
            if (job?.IsNews(fault) == true && settlement.End != JobEnd.Cancelled)
            {
                job.LogTransportFaulted(ReadableException.For(fault));
            }
        }
        catch (Exception second)
        {
            Log(second, claimed);
        }
    }

    void Log(Exception fault, ClaimedJob claimed)
    {
        try
        {
            LogContext.Error?.Log(
                ReadableException.For(fault),
                "Job {Number} of {InputAddress} could not be settled",
                claimed.Number,
                context.InputAddress
            );
        }
        catch (Exception)
        {
            // The logger itself failed, so nothing can be logged.
        }
    }

    // Responses are not jobs, and are not counted.
    void Count(JobSettlement settlement, JobReceiveContext? job, int queue)
    {
        if (context.Endpoint.IsTemporary)
        {
            return;
        }

        var end = settlement.End;
        SidekiqMeter.CountSettled(Queues.Names[queue], end);
        if (!end.IsProcessed())
        {
            return;
        }

        var elapsed = job?.ElapsedTime ?? TimeSpan.Zero;
        process.Tally.Ran(job?.KnownClass, elapsed, end.IsFailure());
        // Null for a job that expired before it ran.
        if (job is not null)
        {
            SidekiqMeter.RecordRun(Queues.Names[queue], job.KnownClass, elapsed, end, settlement.Failure);
        }
    }
}
