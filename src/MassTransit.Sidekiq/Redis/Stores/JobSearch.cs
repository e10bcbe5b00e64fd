using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// <summary>
/// Looks for jobs in all places: there is no index of ids, and Ruby would not maintain one.
/// 1. Queues, what our processes and Ruby's hold, retry, schedule, then the dead set.
/// 2. Queues and processes again: a job that moved from the retry set to its queue meanwhile was missed by the first pass.
/// It stops when all are found. Each step reads some hundreds of jobs and returns only their ids, so that Redis is never
/// blocked; a job that keeps moving may still be missed, as may one that Ruby has just taken, which Ruby reports within
/// ten seconds. Callers look twice.
/// </summary>
internal sealed class JobSearch(RedisConnection redis, RedisKeys keys)
{
    const int Slice = 500;

    readonly RedisLink link = redis.Working;

    // The ids that were found, each with whether it is dead.
    public async Task<IReadOnlyDictionary<string, bool>> Find(
        IReadOnlyCollection<string> jids,
        CancellationToken cancellationToken
    )
    {
        var search = new Wanted(jids);
        await Busy(search, cancellationToken).ConfigureAwait(false);
        await Read(search, keys.Retry, cancellationToken).ConfigureAwait(false);
        await Read(search, keys.Schedule, cancellationToken).ConfigureAwait(false);
        await Read(search, keys.Dead, cancellationToken, isDead: true).ConfigureAwait(false);
        await Busy(search, cancellationToken).ConfigureAwait(false);

        return search.Found;
    }

    // Whether a process other than ours is registered: one without a lease.
    public async Task<bool> HasOtherProcesses()
    {
        RedisKey[] leases = [.. (await Members(keys.Processes).ConfigureAwait(false)).Select(keys.AliveOf)];
        return leases.Length > 0
            && await link.Call("look", leases[0], database => database.KeyExistsAsync(leases)).ConfigureAwait(false)
                < leases.Length;
    }

    async Task Busy(Wanted search, CancellationToken cancellationToken)
    {
        foreach (var queue in await Members(keys.Queues).ConfigureAwait(false))
        {
            await Read(search, keys.Queue(queue).List, cancellationToken).ConfigureAwait(false);
        }

        foreach (var owner in await Members(keys.Owners).ConfigureAwait(false))
        {
            var bar = owner.IndexOf('|', StringComparison.Ordinal);
            if (bar > 0)
            {
                var (process, queue) = (owner[..bar], owner[(bar + 1)..]);
                await Read(search, keys.Landing(process, queue), cancellationToken).ConfigureAwait(false);
                await Read(search, keys.Working(process, queue), cancellationToken).ConfigureAwait(false);
            }
        }

        foreach (var process in await Members(keys.Processes).ConfigureAwait(false))
        {
            await Read(search, keys.WorkOf(process), cancellationToken).ConfigureAwait(false);
            await Read(search, keys.WorkersOf(process), cancellationToken).ConfigureAwait(false);
        }
    }

    async Task Read(Wanted search, RedisKey key, CancellationToken cancellationToken, bool isDead = false)
    {
        RedisValue from = 0;
        while (!search.IsDone)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reply = (RedisResult[])(await link.Run(Script.FindJobs, [key], [from, Slice]).ConfigureAwait(false))!;
            foreach (var jid in reply.Skip(1))
            {
                search.Saw((string)jid!, isDead);
            }

            from = (string)reply[0]!;
            if (from == "0")
            {
                return;
            }
        }
    }

    async Task<string[]> Members(RedisKey key)
    {
        var members = await link.Call("read", key, database => database.SetMembersAsync(key)).ConfigureAwait(false);
        return [.. members.Select(member => (string)member!)];
    }

    sealed class Wanted(IReadOnlyCollection<string> jids)
    {
        readonly HashSet<string> missing = new(jids, StringComparer.Ordinal);
        readonly Dictionary<string, bool> found = new(StringComparer.Ordinal);

        public bool IsDone => missing.Count == 0;

        public IReadOnlyDictionary<string, bool> Found => found;

        public void Saw(string jid, bool isDead)
        {
            if (missing.Remove(jid))
            {
                found[jid] = isDead;
            }
        }
    }
}
