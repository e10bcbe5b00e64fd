namespace MassTransit.Sidekiq;

// Which due jobs are Ruby's to move: those that Ruby pushed for queues that no process of ours takes jobs from. On their way
// from the set to the queue they pass Ruby's client middleware, on which batches, unique jobs and the like depend. What
// nobody has moved after a minute is moved here, so that a Ruby that is away holds up nothing for ever.
internal sealed class RubyJobs(DueJobStore store, bool areMovedAtOnce, TimeProvider clock)
{
    // Longer than Ruby's pollers need, up to eight processes: each comes by after 7.5 s for each process, at the latest.
    static readonly TimeSpan grace = TimeSpan.FromMinutes(1);

    static readonly TimeSpan memory = TimeSpan.FromSeconds(10);

    HashSet<string> ours = [];
    long? readAt;

    public async ValueTask<bool> Has(DueMove job, DateTimeOffset due, DateTimeOffset now)
    {
        if (areMovedAtOnce || job.IsOurs || now - due >= grace || ours.Contains(job.Queue))
        {
            return false;
        }

        if (readAt is not { } time || clock.GetElapsedTime(time) >= memory)
        {
            ours = await store.OwnedQueues().ConfigureAwait(false);
            readAt = clock.GetTimestamp();
        }

        return !ours.Contains(job.Queue);
    }
}
