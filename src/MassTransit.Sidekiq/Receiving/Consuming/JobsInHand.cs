namespace MassTransit.Sidekiq;

// The jobs that an endpoint holds: how many, and which of them are finished but not yet acknowledged in Redis, by the position
// of their queue.
internal sealed class JobsInHand : IDisposable
{
    // How long finished jobs wait for a claim that also acknowledges them.
    static readonly TimeSpan longestWait = TimeSpan.FromMilliseconds(20);

    readonly Lock gate = new();
    readonly WakeUp changed;
    readonly ITimer timer;
    List<long>[] settled;
    List<long>[] sent;
    int settledCount;
    int held;
    int isWatched;
    bool hasResent;
    volatile bool isDue;

    public JobsInHand(int queues, TimeProvider clock, WakeUp changed)
    {
        this.changed = changed;
        (settled, sent) = (Lists(queues), Lists(queues));
        timer = clock.CreateTimer(_ => BecomeDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    // Jobs claimed and not yet returned or finished.
    public int Held => Volatile.Read(ref held);

    // Whether finished jobs have waited long enough to justify a claim just to acknowledge them.
    public bool IsDue => isDue;

    // Whether each release is to wake the fetcher. It watches only while it waits for a worker, and checks `Held` once more
    // before it sleeps, so that no release is missed between the two.
    public void Watch(bool releases) => Interlocked.Exchange(ref isWatched, releases ? 1 : 0);

    public void Hold(int jobs) => Interlocked.Add(ref held, jobs);

    // Jobs are no longer held: their worker is free, or they were returned to their queues.
    public void Release(int jobs)
    {
        if (jobs > 0)
        {
            Interlocked.Add(ref held, -jobs);
            if (Volatile.Read(ref isWatched) == 1)
            {
                changed.Set();
            }
        }
    }

    public void Acknowledge(int queue, long number)
    {
        bool isFirst;
        lock (gate)
        {
            isFirst = settledCount++ == 0;
            settled[queue].Add(number);
        }

        if (isFirst)
        {
            timer.Change(longestWait, Timeout.InfiniteTimeSpan);
        }
    }

    // The jobs to acknowledge with the next claim. The caller owns the result until it calls `Acknowledged` or `NotAcknowledged`.
    public IReadOnlyList<IReadOnlyList<long>> TakeSettled()
    {
        lock (gate)
        {
            (settled, sent) = (sent, settled);
            settledCount = 0;
            isDue = false;
            return sent;
        }
    }

    // Finished jobs whose acknowledgement Redis has not confirmed, sent or not.
    public List<(int Queue, long Number)> Unacknowledged()
    {
        lock (gate)
        {
            return
            [
                .. settled.SelectMany((numbers, queue) => numbers.Select(number => (queue, number))),
                .. sent.SelectMany((numbers, queue) => numbers.Select(number => (queue, number))),
            ];
        }
    }

    // Redis has confirmed them. Returns whether some had been sent before.
    public bool Acknowledged()
    {
        lock (gate)
        {
            var result = hasResent;
            hasResent = false;
            Array.ForEach(sent, numbers => numbers.Clear());

            return result;
        }
    }

    // Whether they arrived is unknown, so they are sent again: acknowledging is idempotent.
    public void NotAcknowledged()
    {
        lock (gate)
        {
            for (var queue = 0; queue < settled.Length; queue++)
            {
                settled[queue].AddRange(sent[queue]);
                settledCount += sent[queue].Count;
                hasResent |= sent[queue].Count > 0;
                sent[queue].Clear();
            }

            isDue = settledCount > 0;
        }
    }

    public void Dispose() => timer.Dispose();

    void BecomeDue()
    {
        lock (gate)
        {
            if (settledCount == 0)
            {
                return;
            }

            isDue = true;
        }

        changed.Set();
    }

    static List<long>[] Lists(int count) => [.. Enumerable.Range(0, count).Select(_ => new List<long>())];
}
