namespace MassTransit.Sidekiq;

// Claims whose answer was lost. The script may have run, or may yet run out of the buffer of a dying connection, so for half
// a minute the delivery numbers it would have given out are put back whenever Redis answers.
internal sealed class LostClaims(ClaimStore claims, IReadOnlyList<string> queues, TimeProvider clock)
{
    static readonly TimeSpan doubt = TimeSpan.FromSeconds(30);
    static readonly TimeSpan interval = TimeSpan.FromSeconds(5);

    readonly List<(long Since, long First, int Count)> lost = [];
    long checkedAt;

    // How long until it is time to look for them again; null when there are none.
    public TimeSpan? DueIn =>
        lost.Count == 0 ? null
        : checkedAt == 0 || clock.GetElapsedTime(checkedAt) >= interval ? TimeSpan.Zero
        : interval - clock.GetElapsedTime(checkedAt);

    public bool AreDue => DueIn == TimeSpan.Zero;

    public void Add(long first, int count)
    {
        if (count > 0)
        {
            lost.Add((clock.GetTimestamp(), first, count));
            checkedAt = 0;
        }
    }

    // A job that was claimed and is not wanted. Where it is, is known, so once is enough, unless Redis is lost meanwhile.
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
