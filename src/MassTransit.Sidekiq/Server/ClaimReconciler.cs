namespace MassTransit.Sidekiq;

// An endpoint that claims from these queues, and a function that returns the jobs it holds.
internal sealed record ClaimHolder(IReadOnlyList<string> Queues, Func<IEnumerable<(string Queue, long Number)>> InHand);

/// <summary>
/// Compares the claims that Redis holds for this process with the jobs that the process holds. They differ when Redis loses a
/// settlement that it had acknowledged (a failover, a truncated AOF), or runs a claim whose reply was lost long ago: such a job
/// would stay in the working hash of a live process, where it is neither run nor rescued.
/// 1. Once a minute, and at once after an outage, one command checks whether any working hash exists.
/// 2. A job in one of them that no endpoint holds is a stray. A claim whose reply is under way looks like one, so it is
///    returned to its queue only if it is still a stray five seconds later.
/// </summary>
internal sealed class ClaimReconciler
{
    static readonly TimeSpan interval = TimeSpan.FromMinutes(1);
    static readonly TimeSpan confirmation = TimeSpan.FromSeconds(5);

    readonly ClaimStore claims;
    readonly UnsettledJobs unsettled;
    readonly Lock gate = new();
    readonly List<ClaimHolder> holders = [];
    HashSet<(string Queue, long Number)> suspects = [];

    public ClaimReconciler(RedisConnection redis, ClaimStore claims, UnsettledJobs unsettled, TimeProvider clock)
    {
        (this.claims, this.unsettled) = (claims, unsettled);
        Loop = new BackgroundLoop("Reconciliation of claims", Cycle, clock);
        redis.Back += (_, _) => Loop.Wake();
    }

    public BackgroundLoop Loop { get; }

    // Until it is disposed.
    public IDisposable Add(ClaimHolder holder)
    {
        lock (gate)
        {
            holders.Add(holder);
        }

        return new Removal(this, holder);
    }

    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        ClaimHolder[] known;
        lock (gate)
        {
            known = [.. holders];
        }

        string[] queues = [.. known.SelectMany(holder => holder.Queues).Distinct(StringComparer.Ordinal)];
        var working = await claims.Working(queues).ConfigureAwait(false);
        // Read after Redis: a job that was settled meanwhile is no longer held, but its claim is gone as well.
        var held = known
            .SelectMany(holder => holder.InHand())
            .Concat(unsettled.Jobs.Select(job => (job.Queue, job.Number)))
            .ToHashSet();
        var strays = working
            .SelectMany(hash => hash.Numbers.Select(number => (hash.Queue, number)))
            .Where(claim => !held.Contains(claim))
            .ToHashSet();

        await Return(strays).ConfigureAwait(false);
        suspects = strays;

        return strays.Count > 0 ? confirmation : interval;
    }

    async Task Return(HashSet<(string Queue, long Number)> strays)
    {
        foreach (
            var queue in strays
                .Where(suspects.Contains)
                .GroupBy(stray => stray.Queue, stray => stray.Number, StringComparer.Ordinal)
        )
        {
            var returned = await claims.Requeue(queue.Key, [.. queue.Order()]).ConfigureAwait(false);
            strays.RemoveWhere(stray => stray.Queue == queue.Key && suspects.Contains(stray));
            if (returned > 0)
            {
                LogContext.Warning?.Log(
                    "Returned {Count} jobs to queue {Queue} that Redis held for this process and no worker had: their settlement did not reach it, so they may run twice",
                    returned,
                    queue.Key
                );
            }
        }
    }

    sealed class Removal(ClaimReconciler reconciler, ClaimHolder holder) : IDisposable
    {
        public void Dispose()
        {
            lock (reconciler.gate)
            {
                reconciler.holders.Remove(holder);
            }
        }
    }
}
