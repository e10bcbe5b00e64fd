namespace MassTransit.Sidekiq;

// Carries out what was decided of the jobs of one endpoint: each way in which a job leaves the working hash is one step, which
// does nothing when the claim is gone.
internal sealed class JobSteps(
    SidekiqProcess process,
    JobsInHand inHand,
    TimeProvider clock,
    CancellationToken stopping
)
{
    ClaimStore Claims => process.Stores.Claims;

    // The usual end costs no step: the next claim acknowledges it.
    public void Acknowledge(ClaimedJob claimed) => inHand.Acknowledge(claimed.Queue, claimed.Number);

    // Repeated until Redis answers: the job stays in the working hash meanwhile. `then` follows when it is where it belongs. False
    // when the endpoint stopped before that.
    public Task<bool> Run(Delivery delivery, Func<Task<bool>> step, Func<Task>? then = null) =>
        new JobMove(process, delivery, step, then).Run(clock, stopping);

    // Of a job that a ledger waits for, and of one that is dropped.
    public async Task<bool> End(ClaimedJob claimed, SidekiqJob? job)
    {
        await process.Stores.Completions.Note(job, isDead: false, clock.GetUtcNow()).ConfigureAwait(false);
        Acknowledge(claimed);
        return true;
    }

    public async Task<bool> Retry(Delivery delivery, ReadOnlyMemory<byte> json, DateTimeOffset due)
    {
        var hasMoved = await Claims.Retry(delivery, json, due).ConfigureAwait(false);
        process.DueJobs.Expect(due);

        return hasMoved;
    }

    public async Task<bool> Reschedule(Delivery delivery, ReadOnlyMemory<byte> json, DateTimeOffset due)
    {
        var hasMoved = await Claims.Reschedule(delivery, json, due).ConfigureAwait(false);
        process.DueJobs.Expect(due);

        return hasMoved;
    }

    // Its ledger hears of it before it leaves the working hash: a kill in between makes it run again, and be noted again; the other
    // way round the ledger would push it again.
    public async Task<bool> Bury(Delivery delivery, SidekiqJob? job, ReadOnlyMemory<byte> json, DateTimeOffset now)
    {
        await process.Stores.Completions.Note(job, isDead: true, now).ConfigureAwait(false);
        return await Claims.Bury(delivery, json, now).ConfigureAwait(false);
    }

    public Task<bool> MoveTo(Delivery delivery, string queue, ReadOnlyMemory<byte> json) =>
        Claims.MoveTo(delivery, queue, json);

    public async Task<bool> Return(Delivery delivery) =>
        await Claims.Requeue(delivery.Queue, [delivery.Number]).ConfigureAwait(false) > 0;
}
