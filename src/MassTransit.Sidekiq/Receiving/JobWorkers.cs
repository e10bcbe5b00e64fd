using System.Collections.Concurrent;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// The workers of an endpoint: each takes one claimed job after another through MassTransit's receive pipe. A worker that
// finds none rests, and costs nothing until a job wakes it.
internal sealed class JobWorkers(
    SidekiqReceiveEndpointContext context,
    SidekiqProcess process,
    IReceivePipeDispatcher dispatcher,
    JobsInHand ledger
)
{
    // How long cancelled jobs have to settle before a stop leaves them behind.
    static readonly TimeSpan lastGrace = TimeSpan.FromSeconds(1);

    readonly ConcurrentQueue<ClaimedJob> backlog = new();
    readonly ConcurrentStack<int> resting = new(Enumerable.Range(0, context.Endpoint.Concurrency));
    readonly WakeUp rested = new();
    readonly JobReceiveContext?[] running = new JobReceiveContext?[context.Endpoint.Concurrency];

    // What each worker has in hand: the position of its queue, and its delivery number; 0 for nothing.
    readonly int[] queueInHand = new int[context.Endpoint.Concurrency];
    readonly long[] numberInHand = new long[context.Endpoint.Concurrency];
    readonly TimeProvider clock = context.Runtime.Clock;
    JobSteps? steps;
    long lastStarted;

    // What others see of it.
    public EndpointWork Work { get; } =
        new(context.Endpoint.Name, context.Endpoint.Queues, context.Endpoint.Concurrency);

    QueueOrder Queues => context.Endpoint.Queues;

    public int Concurrency => running.Length;

    // The claims that wait here or are worked on, oldest first. A job goes from the backlog to a worker, so it is looked for
    // in this order.
    public IEnumerable<(int Queue, long Number)> InHand()
    {
        List<(int Queue, long Number)> claims = [.. backlog.Select(job => (job.Queue, job.Number))];
        for (var worker = 0; worker < numberInHand.Length; worker++)
        {
            if (Volatile.Read(ref numberInHand[worker]) is > 0 and var number)
            {
                claims.Add((queueInHand[worker], number));
            }
        }

        return claims.OrderBy(claim => claim.Number);
    }

    public bool HasBacklog => !backlog.IsEmpty;

    public void Start(CancellationToken stopping)
    {
        steps = new JobSteps(process, ledger, clock, stopping);
        stopping.Register(() => Work.IsStopping = true);
    }

    public void Take(ClaimedJob job)
    {
        Enqueue(job);
        if (resting.TryPop(out var worker))
        {
            ThreadPool.QueueUserWorkItem(
                static work => _ = work.Workers.Wake(work.Worker),
                (Workers: this, Worker: worker),
                preferLocal: false
            );
        }
    }

    // Runs the job on this very thread, which is awake and has it in its cache, while the caller goes on elsewhere.
    public async Task TakeHere(ClaimedJob job)
    {
        Enqueue(job);
        if (resting.TryPop(out var worker))
        {
            await new HandOver(() => _ = Wake(worker));
        }
    }

    void Enqueue(ClaimedJob job)
    {
        backlog.Enqueue(job);
        if (!context.Endpoint.IsTemporary)
        {
            SidekiqMeter.CountClaimed(Queues.Names[job.Queue]);
        }
    }

    // Whether jobs wait here while no worker has started one for this long.
    public bool HasStalled(TimeSpan limit) =>
        HasBacklog && clock.GetElapsedTime(Volatile.Read(ref lastStarted)) >= limit;

    // Takes back the jobs that no worker has begun.
    public List<ClaimedJob> TakeBack()
    {
        var jobs = new List<ClaimedJob>();
        while (backlog.TryDequeue(out var job))
        {
            jobs.Add(job);
        }

        return jobs;
    }

    // Waits for the running jobs: until ConsumerStopTimeout undisturbed, then cancelled, and at the host's deadline no longer.
    public async Task Finish(CancellationToken deadline)
    {
        var finished = AllRest();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(deadline);
        if (context.ConsumerStopTimeout is { } timeout)
        {
            patience.CancelAfter(timeout);
        }

        if (await Ends(finished, patience.Token).ConfigureAwait(false))
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
                "{Count} jobs ignored their cancellation and were left running: {InputAddress}. They are back in their queues, and run twice",
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

    // What users hang on their tokens may throw, and may take its time: each job is cancelled on a thread of its own.
    void Cancel()
    {
        foreach (var job in running)
        {
            if (job is not null)
            {
                ThreadPool.QueueUserWorkItem(static job => job.CancelSafely(), job, preferLocal: false);
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
            while (backlog.TryDequeue(out var job))
            {
                Volatile.Write(ref lastStarted, clock.GetTimestamp());
                queueInHand[worker] = job.Queue;
                Volatile.Write(ref numberInHand[worker], job.Number);
                await Run(worker, job).ConfigureAwait(false);
                Volatile.Write(ref numberInHand[worker], 0);
                ledger.Release(1);
            }

            resting.Push(worker);
            rested.Set();
        }
        // A job that came between the last look and the rest would find nobody to wake.
        while (HasBacklog && resting.TryPop(out worker));
    }

    // Nobody would wake a worker again that an exception ended, and a job that was not settled would stand in its working
    // hash: so whatever a plug-in throws (an observer, a listener of activities or meters, a logger) ends in here.
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
                Work.Begin(worker, job.Job);
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
            Count(settlement.End, job?.KnownClass, job?.ElapsedTime ?? TimeSpan.Zero, claimed.Queue);
            job?.Dispose();
        }
        catch (Exception fault)
        {
            Log(fault, claimed);
        }
    }

    // MassTransit has told the settlement, which decides what becomes of the job, unless an observer or a listener threw
    // while it did.
    async Task Failed(JobSettlement settlement, JobReceiveContext? job, ClaimedJob claimed, Exception fault)
    {
        try
        {
            await settlement.Faulted(fault).ConfigureAwait(false);
            if (job?.IsNews(fault) == true)
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
            // The logger is what fails: there is nobody to tell.
        }
    }

    // Answers are no jobs: nobody wants them among the figures.
    void Count(JobEnd end, string? knownClass, TimeSpan elapsed, int queue)
    {
        if (context.Endpoint.IsTemporary)
        {
            return;
        }

        SidekiqMeter.CountSettled(Queues.Names[queue], end);
        if (end.IsProcessed())
        {
            process.Tally.Ran(knownClass, elapsed, end.IsFailure());
        }
    }
}
