using System.Collections.Concurrent;

namespace MassTransit.Sidekiq;

// The claimed jobs of an endpoint that no worker has started, oldest first.
internal sealed class JobBacklog(WorkDone work, TimeProvider clock)
{
    // How much longer than expected a job may wait here: another process may be idle.
    static readonly TimeSpan longestWait = TimeSpan.FromMilliseconds(250);

    // `Ended`: how many jobs had ended when it came.
    readonly ConcurrentQueue<(ClaimedJob Job, long Since, long Ended)> waiting = new();

    public bool IsEmpty => waiting.IsEmpty;

    public IEnumerable<ClaimedJob> Jobs => waiting.Select(next => next.Job);

    // The time until the oldest has waited for too long; null when there is none. In whole milliseconds, as timers count.
    public TimeSpan? DueIn(TimeSpan expected) =>
        waiting.TryPeek(out var oldest)
            ? TimeSpan.FromMilliseconds(
                Math.Max(
                    0,
                    Math.Ceiling((expected + longestWait - clock.GetElapsedTime(oldest.Since)).TotalMilliseconds)
                )
            )
            : null;

    // Whether no job has ended since the oldest came.
    public bool HasStalled => waiting.TryPeek(out var oldest) && oldest.Ended == work.Jobs;

    public void Add(ClaimedJob job) => waiting.Enqueue((job, clock.GetTimestamp(), work.Jobs));

    public bool TryTake(out ClaimedJob job)
    {
        var found = waiting.TryDequeue(out var next);
        job = next.Job;
        return found;
    }
}
