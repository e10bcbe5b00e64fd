using System.Threading.Channels;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

/// The workers of an endpoint: each takes one claimed job after another through MassTransit's receive pipe.
internal sealed class JobWorkers(
    SidekiqReceiveEndpointContext context,
    SidekiqProcess process,
    IReceivePipeDispatcher dispatcher,
    DeliveryLedger ledger
)
{
    /// How long cancelled jobs have to settle before a stop leaves them behind.
    static readonly TimeSpan lastGrace = TimeSpan.FromSeconds(1);

    readonly Channel<ClaimedJob> backlog = Channel.CreateUnbounded<ClaimedJob>(new() { SingleWriter = true });
    readonly JobReceiveContext?[] running = new JobReceiveContext?[context.Endpoint.Concurrency];
    readonly TimeProvider clock = context.Host.Clock;
    Task[] workers = [];
    CancellationToken stop;
    long lastStarted;

    public int Concurrency => running.Length;

    public bool HaveBacklog => backlog.Reader.Count > 0;

    public void Start(CancellationToken stopping)
    {
        stop = stopping;
        workers = [.. Enumerable.Range(0, Concurrency).Select(worker => Task.Run(() => Work(worker)))];
    }

    public void Take(ClaimedJob job) => backlog.Writer.TryWrite(job);

    /// Whether jobs wait here while no worker has started one for this long.
    public bool HaveStalled(TimeSpan limit) =>
        HaveBacklog && clock.GetElapsedTime(Volatile.Read(ref lastStarted)) >= limit;

    /// Takes back the jobs that no worker has begun.
    public List<ClaimedJob> TakeBack()
    {
        var jobs = new List<ClaimedJob>();
        while (backlog.Reader.TryRead(out var job))
        {
            jobs.Add(job);
        }

        return jobs;
    }

    /// Waits for the running jobs: until ConsumerStopTimeout undisturbed, then cancelled, and at the host's deadline no longer.
    public async Task Finish(CancellationToken deadline)
    {
        backlog.Writer.TryComplete();

        var finished = Task.WhenAll(workers);
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
                "{Count} jobs ignored their cancellation and were left running: {InputAddress}. They run again when the lease ends",
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

    void Cancel()
    {
        foreach (var job in running)
        {
            job?.Cancel();
        }
    }

    async Task Work(int worker)
    {
        LogContext.Current = context.LogContext;
        var jobs = backlog.Reader;

        while (await jobs.WaitToReadAsync().ConfigureAwait(false))
        {
            while (jobs.TryRead(out var job))
            {
                Volatile.Write(ref lastStarted, clock.GetTimestamp());
                await Run(worker, job).ConfigureAwait(false);
                ledger.Release(1);
            }
        }
    }

    async Task Run(int worker, ClaimedJob claimed)
    {
        var settlement = new JobSettlement(context, process, ledger, claimed, stop);

        JobReceiveContext job;
        try
        {
            if (await settlement.Read().ConfigureAwait(false) is not { } readable)
            {
                return;
            }

            job = readable;
        }
        catch (Exception fault)
        {
            LogContext.Error?.Log(
                fault,
                "Job {Number} of {InputAddress} could not be settled",
                claimed.Number,
                context.InputAddress
            );
            return;
        }

        running[worker] = job;
        try
        {
            await dispatcher.Dispatch(job, settlement).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            // The settlement has already decided what becomes of the job; MassTransit only reports it here.
            job.LogTransportFaulted(fault);
        }
        finally
        {
            running[worker] = null;
            job.Dispose();
        }
    }
}
