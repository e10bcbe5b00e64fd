namespace MassTransit.Sidekiq;

// What the workers of an endpoint have done since its start: how many jobs, and in how much time of all workers together, that of
// running jobs included. A job costs one addition; the lock is taken when a worker wakes or rests.
internal sealed class WorkDone(TimeProvider clock)
{
    readonly Lock gate = new();
    long jobs;
    int awake;
    TimeSpan spent;
    long countedAt = clock.GetTimestamp();

    public long Jobs => Volatile.Read(ref jobs);

    public TimeSpan Spent => Count(0);

    public void Woke() => Count(1);

    public void Rests() => Count(-1);

    public void Ended() => Interlocked.Increment(ref jobs);

    TimeSpan Count(int woken)
    {
        lock (gate)
        {
            var now = clock.GetTimestamp();
            spent += awake * clock.GetElapsedTime(countedAt, now);
            (countedAt, awake) = (now, awake + woken);
            return spent;
        }
    }
}
