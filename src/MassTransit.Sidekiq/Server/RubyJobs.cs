namespace MassTransit.Sidekiq;

// Decides which due jobs Ruby should move: those that Ruby pushed for queues that no .NET process takes jobs from. On their way
// from the set to the queue they pass Ruby's client middleware, on which batches, unique jobs and the like depend. Jobs that have
// not been moved after a minute are moved here, so that they do not wait forever for a stopped Ruby.
internal sealed class RubyJobs(DueJobStore store, bool isDisabled, TimeProvider clock)
{
    // Longer than Ruby's pollers need, with up to eight processes: each polls at the latest after 7.5 s times their number.
    static readonly TimeSpan grace = TimeSpan.FromMinutes(1);

    static readonly TimeSpan memory = TimeSpan.FromSeconds(10);

    HashSet<string> ours = [];
    long? readAt;

    public async ValueTask<bool> Has(DueMove job, DateTimeOffset due, DateTimeOffset now)
    {
        if (isDisabled || job.IsOurs || now - due >= grace || ours.Contains(job.Queue))
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
