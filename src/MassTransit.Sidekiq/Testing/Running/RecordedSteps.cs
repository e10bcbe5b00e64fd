namespace MassTransit.Sidekiq;

// Records how one job ends. `isStored`: in Redis as well, where the job was claimed.
internal sealed class RecordedSteps(SidekiqProcess process, JobsInHand inHand, TimeProvider clock, bool isStored)
    : JobSteps(process, inHand, clock, CancellationToken.None)
{
    static readonly Task<bool> done = Task.FromResult(true);

    // The job as it is stored from now on.
    public ReadOnlyMemory<byte>? Json { get; private set; }

    public DateTimeOffset? Due { get; private set; }

    // The queue that it is moved to.
    public string? Queue { get; private set; }

    // A job that is stored nowhere has no queue to return to.
    public override bool CanInterrupt => isStored;

    public override void Acknowledge(ClaimedJob claimed)
    {
        if (isStored)
        {
            base.Acknowledge(claimed);
        }
    }

    public override async Task<bool> Run(Delivery delivery, Func<Task<bool>> step, Func<Task>? then = null)
    {
        if (isStored)
        {
            return await base.Run(delivery, step, then).ConfigureAwait(false);
        }

        await step().ConfigureAwait(false);
        await (then?.Invoke() ?? Task.CompletedTask).ConfigureAwait(false);
        return true;
    }

    public override Task<bool> End(ClaimedJob claimed, SidekiqJob? job) => isStored ? base.End(claimed, job) : done;

    public override Task<bool> End(Delivery delivery, SidekiqJob job, JobTies ties, BatchOutcome outcome) =>
        isStored ? base.End(delivery, job, ties, outcome) : done;

    public override Task Release(JobLock held) => isStored ? base.Release(held) : done;

    public override Task<bool> EndWithState(Delivery delivery, SidekiqJob job, BatchOutcome outcome) =>
        isStored ? base.EndWithState(delivery, job, outcome) : done;

    public override Task<IterationState> ReadIteration(string jid, CancellationToken cancellationToken) =>
        isStored ? base.ReadIteration(jid, cancellationToken) : Task.FromResult(IterationState.None);

    public override Task<bool> SaveIteration(Delivery delivery, string jid, IterationState state) =>
        isStored ? base.SaveIteration(delivery, jid, state) : done;

    public override Task<bool> Retry(
        Delivery delivery,
        ReadOnlyMemory<byte> json,
        DateTimeOffset due,
        JobTies ties = default
    )
    {
        (Json, Due) = (json, due);
        return isStored ? base.Retry(delivery, json, due, ties) : done;
    }

    public override Task<bool> Reschedule(
        Delivery delivery,
        ReadOnlyMemory<byte> json,
        DateTimeOffset due,
        JobTies ties = default
    )
    {
        (Json, Due) = (json, due);
        return isStored ? base.Reschedule(delivery, json, due, ties) : done;
    }

    public override Task<bool> Bury(Delivery delivery, SidekiqJob? job, ReadOnlyMemory<byte> json, DateTimeOffset now)
    {
        Json = json;
        return isStored ? base.Bury(delivery, job, json, now) : done;
    }

    public override Task<bool> MoveTo(
        Delivery delivery,
        string queue,
        ReadOnlyMemory<byte> json,
        JobTies ties = default
    )
    {
        (Json, Queue) = (json, queue);
        return isStored ? base.MoveTo(delivery, queue, json, ties) : done;
    }

    public override Task<bool> Return(Delivery delivery) => isStored ? base.Return(delivery) : done;
}
