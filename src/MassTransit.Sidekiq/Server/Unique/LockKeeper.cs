namespace MassTransit.Sidekiq;

/// <summary>
/// Keeps the locks of unique jobs that run: a job may run for longer than it was meant to be unique.
/// Once a second, one step lets those that would end within fifteen seconds last that long. Only for unique jobs that have run
/// for most of a second: without such a job nothing is asked. A killed process leaves a lock that ends soon, unless the job is
/// rescued and had time left.
/// </summary>
internal sealed class LockKeeper(LockStore store, Roster roster)
{
    static readonly TimeSpan life = TimeSpan.FromSeconds(15);

    public async Task Look()
    {
        var locks = roster.RunningForLong.Select(running => running.Job.Lock).OfType<JobLock>().ToList();
        if (locks.Count > 0)
        {
            await store.Keep(locks, life).ConfigureAwait(false);
        }
    }
}
