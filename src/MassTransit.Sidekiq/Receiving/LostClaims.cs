namespace MassTransit.Sidekiq;

// Claims whose reply was lost. The script may have run, or may still run from the buffer of a failing connection, so for half a
// minute the jobs with its delivery numbers are returned to their queues whenever Redis answers.
internal sealed class LostClaims(ClaimStore claims, IReadOnlyList<string> queues, TimeProvider clock)
{
    static readonly TimeSpan doubt = TimeSpan.FromSeconds(30);
    static readonly TimeSpan interval = TimeSpan.FromSeconds(5);

    readonly List<(long Since, long First, int Count)> lost = [];
    long checkedAt;

    // The time until they are to be checked again; null when there are none.
    public TimeSpan? DueIn =>
        lost.Count == 0 ? null
        : checkedAt == 0 || clock.GetElapsedTime(checkedAt) >= interval ? TimeSpan.Zero
        : interval - clock.GetElapsedTime(checkedAt);

    public bool IsDue => DueIn == TimeSpan.Zero;

    public void Add(long first, int count)
    {
        if (count > 0)
        {
            lost.Add((clock.GetTimestamp(), first, count));
            checkedAt = 0;
        }
    }

    // Returns a claimed job that is not wanted. Its queue is known, so once is enough, unless Redis is lost meanwhile.
    public async Task PutBack(string queue, long number)
    {
        try
        {
            await claims.Requeue(queue, [number]).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is ConnectionException or SidekiqRedisException)
        {
            // The next claim reports it.
            Add(number, 1);
        }
    }

    // The same of jobs that no worker has started. One that Redis does not take back in time is in doubt, like a lost claim: no
    // worker here runs it.
    public async Task PutBack(List<ClaimedJob> jobs, CancellationToken impatience)
    {
        try
        {
            await claims
                .Requeue(jobs.Select(job => (queues[job.Queue], job.Number)))
                .WaitAsync(impatience)
                .ConfigureAwait(false);
        }
        catch
        {
            jobs.ForEach(job => Add(job.Number, 1));
            throw;
        }
    }

    public async Task PutBack()
    {
        foreach (var (_, first, count) in lost)
        {
            long[] numbers = [.. Enumerable.Range(0, count).Select(i => first + i)];
            foreach (var queue in queues)
            {
                await claims.Requeue(queue, numbers).ConfigureAwait(false);
            }
        }

        checkedAt = clock.GetTimestamp();
        lost.RemoveAll(claim => clock.GetElapsedTime(claim.Since) > doubt);
    }
}
