namespace MassTransit.Sidekiq;

// Performs the settlements of the jobs of one endpoint: each way in which a job leaves the working hash is one step, which does
// nothing if the claim is gone. Virtual for test harnesses, which record them.
internal class JobSteps(SidekiqProcess process, JobsInHand inHand, TimeProvider clock, CancellationToken stopping)
{
    public LimitGate Limits => process.Limits;

    public TimeProvider Clock => clock;

    // Whether the endpoint stops.
    public bool IsStopping => stopping.IsCancellationRequested;

    // Whether a job may end between two items, to go on later.
    public virtual bool CanInterrupt => true;

    ClaimStore Claims => process.Stores.Claims;

    // The usual end needs no step of its own: the next claim acknowledges the job.
    public virtual void Acknowledge(ClaimedJob claimed) => inHand.Acknowledge(claimed.Queue, claimed.Number);

    // Retried until Redis answers; until then the job stays in the working hash. `then` runs after the move. False when the
    // endpoint stopped before that.
    public virtual Task<bool> Run(Delivery delivery, Func<Task<bool>> step, Func<Task>? then = null) =>
        new JobMove(process, delivery, step, then).Run(clock, stopping);

    // For a job that a ledger tracks, and for one that is dropped.
    public virtual async Task<bool> End(ClaimedJob claimed, SidekiqJob? job)
    {
        await process.Stores.Completions.Note(job, isDead: false, clock.GetUtcNow()).ConfigureAwait(false);
        Acknowledge(claimed);
        return true;
    }

    // The same for a unique job or one of a batch.
    public virtual async Task<bool> End(Delivery delivery, SidekiqJob job, JobTies ties, BatchOutcome outcome)
    {
        await process.Stores.Completions.Note(job, isDead: false, clock.GetUtcNow()).ConfigureAwait(false);
        return await process.Stores.Tied.End(delivery, ties, outcome).ConfigureAwait(false);
    }

    // For a job that is unique until it starts. When Redis is lost, it starts nevertheless: its end releases the lock, too.
    public virtual async Task Release(JobLock held)
    {
        try
        {
            await process.Stores.Locks.Release(held.Name, held.Jid).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is ConnectionException or SidekiqRedisException)
        {
            LogContext.Debug?.Log(fault, "The lock of job {JobId} is released when it ends", held.Jid);
        }
    }

    // The same for a job that iterates or was cancelled, whose state ends with it.
    public virtual async Task<bool> EndWithState(Delivery delivery, SidekiqJob job, BatchOutcome outcome)
    {
        await process.Stores.Completions.Note(job, isDead: false, clock.GetUtcNow()).ConfigureAwait(false);
        return await process.Stores.Tied.End(delivery, job.Ties, outcome, stateOf: job.Jid).ConfigureAwait(false);
    }

    public virtual async Task<bool> Retry(
        Delivery delivery,
        ReadOnlyMemory<byte> json,
        DateTimeOffset due,
        JobTies ties = default
    )
    {
        var hasMoved = await Claims.Retry(delivery, json, due, ties).ConfigureAwait(false);
        process.DueJobs.Expect(due);

        return hasMoved;
    }

    public virtual async Task<bool> Reschedule(
        Delivery delivery,
        ReadOnlyMemory<byte> json,
        DateTimeOffset due,
        JobTies ties = default
    )
    {
        var hasMoved = await Claims.Reschedule(delivery, json, due, ties: ties).ConfigureAwait(false);
        process.DueJobs.Expect(due);

        return hasMoved;
    }

    // Denied by a limit.
    public async Task<bool> PutOff(Delivery delivery, SidekiqJob job, LimitAnswer denial)
    {
        var due = await process
            .Stores.Limits.PutOff(delivery, JobMoves.Limited(job), job.Jid ?? "", denial, job.Lock)
            .ConfigureAwait(false);
        if (due is { } at)
        {
            process.DueJobs.Expect(at);
        }

        return due is not null;
    }

    // The ledger is notified before the job leaves the working hash. If the process is killed in between, the job runs again and
    // is noted again; in the other order, the ledger would push it again.
    public virtual async Task<bool> Bury(
        Delivery delivery,
        SidekiqJob? job,
        ReadOnlyMemory<byte> json,
        DateTimeOffset now
    )
    {
        await process.Stores.Completions.Note(job, isDead: true, now).ConfigureAwait(false);
        return await Claims.Bury(delivery, json, now, job?.Ties ?? default).ConfigureAwait(false);
    }

    public virtual Task<bool> MoveTo(
        Delivery delivery,
        string queue,
        ReadOnlyMemory<byte> json,
        JobTies ties = default
    ) => Claims.MoveTo(delivery, queue, json, ties);

    // A lost Redis is waited for: beginning at the beginning would run all items again.
    public virtual async Task<IterationState> ReadIteration(string jid, CancellationToken cancellationToken)
    {
        var backOff = new BackOff();
        while (true)
        {
            try
            {
                return await process.Stores.Iterations.Read(jid).ConfigureAwait(false);
            }
            catch (ConnectionException lost) when (lost.IsTransient)
            {
                await process.Redis.Pause(backOff.Next(), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // False when the claim is gone.
    public virtual Task<bool> SaveIteration(Delivery delivery, string jid, IterationState state) =>
        process.Stores.Iterations.Save(delivery, jid, state);

    public Task<bool> Interrupt(Delivery delivery, SidekiqJob job, JobIteration iteration) =>
        process.Stores.Iterations.Interrupt(delivery, job.Jid!, iteration.State, iteration.GoesToTheBack);

    public virtual async Task<bool> Return(Delivery delivery) =>
        await Claims.Requeue(delivery.Queue, [delivery.Number]).ConfigureAwait(false) > 0;
}
