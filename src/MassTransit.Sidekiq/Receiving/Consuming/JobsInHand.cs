namespace MassTransit.Sidekiq;

// What an endpoint has in hand: how many jobs it holds, and which of them are finished but not yet acknowledged in Redis,
// by the position of their queue.
internal sealed class JobsInHand : IDisposable
{
    // How long finished jobs wait for a claim that acknowledges them in passing.
    static readonly TimeSpan patience = TimeSpan.FromMilliseconds(20);

    readonly Lock gate = new();
    readonly WakeUp changed;
    readonly ITimer timer;
    List<long>[] settled;
    List<long>[] sent;
    int settledCount;
    int held;
    int isWatched;
    bool areSentAgain;
    volatile bool areDue;

    public JobsInHand(int queues, TimeProvider clock, WakeUp changed)
    {
        this.changed = changed;
        (settled, sent) = (Lists(queues), Lists(queues));
        timer = clock.CreateTimer(_ => BecomeDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    // Jobs claimed and not yet given back or finished.
    public int Held => Volatile.Read(ref held);

    // Whether finished jobs have waited long enough: now they are worth a claim of their own.
    public bool AreDue => areDue;

    // Whether each release is to wake the fetcher. It watches only while it waits for a worker: then it looks at `Held` once
    // more before it sleeps, so that no release is missed between the two.
    public void Watch(bool releases) => Interlocked.Exchange(ref isWatched, releases ? 1 : 0);

    public void Hold(int jobs) => Interlocked.Add(ref held, jobs);

    // Jobs are out of our hands: their worker is free, or they went back.
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
            timer.Change(patience, Timeout.InfiniteTimeSpan);
        }
    }

    // What is to be acknowledged with the next claim. Belongs to the caller until it says `Acknowledged` or `NotAcknowledged`.
    public IReadOnlyList<IReadOnlyList<long>> TakeSettled()
    {
        lock (gate)
        {
            (settled, sent) = (sent, settled);
            settledCount = 0;
            areDue = false;
            return sent;
        }
    }

    // Finished, whether Redis has been told or not: its answer is what ends it.
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

    // Redis has taken them. Returns how many there were, and whether some had been sent before.
    public (int Count, bool WereSentAgain) Acknowledged()
    {
        lock (gate)
        {
            var result = (sent.Sum(numbers => numbers.Count), areSentAgain);
            areSentAgain = false;
            Array.ForEach(sent, numbers => numbers.Clear());

            return result;
        }
    }

    // Nothing tells whether they arrived, so they are sent again: acknowledging twice does no harm.
    public void NotAcknowledged()
    {
        lock (gate)
        {
            for (var queue = 0; queue < settled.Length; queue++)
            {
                settled[queue].AddRange(sent[queue]);
                settledCount += sent[queue].Count;
                areSentAgain |= sent[queue].Count > 0;
                sent[queue].Clear();
            }

            areDue = settledCount > 0;
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

            areDue = true;
        }

        changed.Set();
    }

    static List<long>[] Lists(int count) => [.. Enumerable.Range(0, count).Select(_ => new List<long>())];
}
