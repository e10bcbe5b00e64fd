namespace MassTransit.Sidekiq;

/// What an endpoint has in hand: how many jobs it holds, and which of them are finished but not yet acknowledged in Redis,
/// by the position of their queue.
internal sealed class DeliveryLedger(int queues, TimeProvider clock, Signal changed)
{
    readonly Lock gate = new();
    List<long>[] settled = Lists(queues);
    List<long>[] sent = Lists(queues);
    long oldestSettled;
    int settledCount;
    int held;
    bool areSentAgain;
    int isWatched;

    /// Jobs claimed and not yet given back or finished.
    public int Held => Volatile.Read(ref held);

    public bool HasSettled => Volatile.Read(ref settledCount) > 0;

    /// How long the first of the finished jobs has waited to be acknowledged.
    public TimeSpan OldestSettled =>
        HasSettled ? clock.GetElapsedTime(Volatile.Read(ref oldestSettled)) : TimeSpan.Zero;

    /// Whether each release is to wake the fetcher. It watches only while it waits for a worker: then it looks at `Held` once
    /// more before it sleeps, so that no release is missed between the two.
    public void Watch(bool releases) => Interlocked.Exchange(ref isWatched, releases ? 1 : 0);

    public void Hold(int jobs) => Interlocked.Add(ref held, jobs);

    /// Jobs are out of our hands: their worker is free, or they went back.
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
            if (isFirst)
            {
                oldestSettled = clock.GetTimestamp();
            }

            settled[queue].Add(number);
        }

        if (isFirst)
        {
            changed.Set();
        }
    }

    /// What is to be acknowledged with the next claim. Belongs to the caller until it says `Acknowledged` or `NotAcknowledged`.
    public IReadOnlyList<IReadOnlyList<long>> TakeSettled()
    {
        lock (gate)
        {
            (settled, sent) = (sent, settled);
            settledCount = 0;
            return sent;
        }
    }

    /// Redis has taken them. Returns how many there were, and whether some had been sent before.
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

    /// Nothing tells whether they arrived, so they are sent again: acknowledging twice does no harm.
    public void NotAcknowledged()
    {
        lock (gate)
        {
            for (var queue = 0; queue < queues; queue++)
            {
                settled[queue].AddRange(sent[queue]);
                settledCount += sent[queue].Count;
                sent[queue].Clear();
            }

            areSentAgain = true;
        }
    }

    static List<long>[] Lists(int count) => [.. Enumerable.Range(0, count).Select(_ => new List<long>())];
}
