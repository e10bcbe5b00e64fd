namespace MassTransit.Sidekiq;

/// <summary>
/// Jobs that have ended, but whose move Redis refuses until an operator intervenes: a key of another type, a missing permission.
/// They stay claimed, and their workers are free.
/// 1. Every five seconds each move is retried.
/// 2. When the process stops they are returned to their queues, without counting towards poison, and run again.
/// 3. There are at most a thousand; any further job waits in its worker (backpressure), so that they do not fill the memory.
/// </summary>
internal sealed class UnsettledJobs
{
    const int Most = 1000;

    static readonly TimeSpan interval = TimeSpan.FromSeconds(5);

    readonly RedisConnection redis;
    readonly Lock gate = new();
    readonly Dictionary<Delivery, Func<Task>> jobs = [];

    public UnsettledJobs(RedisConnection redis, TimeProvider clock)
    {
        this.redis = redis;
        Loop = new BackgroundLoop("Settlement of refused jobs", Cycle, clock);
    }

    public BackgroundLoop Loop { get; }

    // The last refusal, while there are such jobs.
    public string? Reason { get; private set; }

    public IReadOnlyCollection<Delivery> Jobs
    {
        get
        {
            lock (gate)
            {
                return [.. jobs.Keys];
            }
        }
    }

    // `settle` moves the job and performs the follow-up steps. False when there are too many.
    public bool TryAdd(Delivery delivery, Func<Task> settle, SidekiqRedisException refusal)
    {
        bool isFirst;
        lock (gate)
        {
            if (jobs.Count >= Most)
            {
                return false;
            }

            isFirst = jobs.Count == 0;
            jobs[delivery] = settle;
            Reason = refusal.Message;
        }

        if (isFirst)
        {
            redis.Logger.SettlementRefused(delivery.Queue, refusal.Message);
        }

        Loop.Wake();
        return true;
    }

    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        KeyValuePair<Delivery, Func<Task>>[] waiting;
        lock (gate)
        {
            waiting = [.. jobs];
        }

        foreach (var (delivery, settle) in waiting)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await settle().ConfigureAwait(false);
                Remove(delivery);
            }
            catch (Exception refused) when (refused is not ConnectionException { IsTransient: true })
            {
                // The refusal concerns only this job. The others do not wait for it.
                Reason = refused.Message;
            }
        }

        return Jobs.Count > 0 ? interval : Timeout.InfiniteTimeSpan;
    }

    // Called when the process stops.
    public Task Return(ClaimStore claims) =>
        claims.Requeue(Jobs.OrderBy(job => job.Number).Select(job => (job.Queue, job.Number)));

    void Remove(Delivery delivery)
    {
        lock (gate)
        {
            jobs.Remove(delivery);
            if (jobs.Count > 0)
            {
                return;
            }

            Reason = null;
        }

        redis.Logger.SettlementsTaken();
    }
}
