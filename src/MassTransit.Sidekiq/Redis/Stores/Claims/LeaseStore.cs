using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// A queue where a process without a lease may have left jobs.
internal readonly record struct Orphan(string Identity, string Queue)
{
    // A member of mt:owners.
    public static Orphan Parse(string member)
    {
        var bar = member.IndexOf('|', StringComparison.Ordinal);
        return bar < 0 ? new Orphan(member, "") : new Orphan(member[..bar], member[(bar + 1)..]);
    }
}

// `Left` jobs still have to be moved by further calls; -1 when the process turned out to be alive. `Refusal` is Redis's error
// about jobs that stay where they are, or "".
internal sealed record RescueResult(int Rescued, IReadOnlyList<byte[]> Poison, int Left, string Refusal = "");

// A process is alive while its lease exists. Any process that finds it gone returns its jobs to their queues.
internal sealed class LeaseStore(RedisConnection redis, RedisKeys keys, DeadSet dead)
{
    const int MostRescued = 100;

    static readonly TimeSpan poisonMemory = TimeSpan.FromHours(72);

    readonly RedisLink link = redis.Working;
    readonly Lock gate = new();
    readonly HashSet<string> owned = new(StringComparer.Ordinal);
    (int Queues, string Text)? written;
    int changes;

    // Queues to be registered by the next Renew, before the first claim from them, so that a rescuer knows which working
    // hashes exist.
    public void Own(params IReadOnlyList<string> queues)
    {
        lock (gate)
        {
            owned.UnionWith(queues);
            changes++;
        }
    }

    // Takes or renews the lease: one PEXPIRE, unless there is something to write. A lease that had ended may have been ended by
    // a rescuer, who removed the owned queues too. False then. Nothing can be claimed without a lease.
    public async Task<bool> Renew(TimeSpan life)
    {
        RedisValue[] arguments;
        (int Queues, string Text) now;
        bool isWritten;
        lock (gate)
        {
            now = (changes, ProcessLease.TextOf(redis.Ids));
            isWritten = written == now;
            arguments = [(long)life.TotalMilliseconds, now.Text, .. owned.Select(Member)];
        }

        if (
            isWritten
            && await link.Call("renew", keys.Alive, database => database.KeyExpireAsync(keys.Alive, life))
                .ConfigureAwait(false)
        )
        {
            return true;
        }

        var lived = await link.Run(Script.Renew, [keys.Alive, keys.Owners], arguments).ConfigureAwait(false);
        lock (gate)
        {
            written = now;
        }

        return (int)lived == 1;
    }

    // At a clean stop of one endpoint. Returns how many of its queues still have claims; those stay registered.
    public Task<int> Disown(params IReadOnlyList<string> queues) => Release(queues, endsLease: false);

    // At a clean stop of the process: gives up all queues and the lease. Remaining jobs are rescued by others at once.
    public Task<int> Release()
    {
        string[] queues;
        lock (gate)
        {
            queues = [.. owned];
        }

        return Release(queues, endsLease: true);
    }

    // Moves up to `limit` jobs, the newest first. A job rescued `poisonLimit` times within 72 hours probably kills its
    // process: it goes to the dead set and is reported as poison.
    public async Task<RescueResult> Rescue(
        Orphan orphan,
        DateTimeOffset now,
        int limit = MostRescued,
        int poisonLimit = 3
    )
    {
        var queue = keys.Queue(orphan.Queue);
        var moved = (RedisResult[])
            (
                await link.Run(
                        Script.Rescue,
                        [
                            keys.AliveOf(orphan.Identity),
                            keys.Owners,
                            keys.Landing(orphan.Identity, orphan.Queue),
                            keys.Working(orphan.Identity, orphan.Queue),
                            queue.List,
                            keys.Queues,
                            keys.Dead,
                            keys.Temporaries,
                            queue.Temporary,
                        ],
                        [
                            Member(orphan),
                            queue.Member,
                            Math.Min(limit, MostRescued),
                            poisonLimit,
                            keys.PoisonPrefix,
                            (long)poisonMemory.TotalMilliseconds,
                            PoisonReason(poisonLimit),
                            Score.From(now),
                            Score.From(dead.Oldest(now)),
                            dead.MaxJobs,
                            (string)keys.Unique("")!,
                            (string)keys.Batch("")!,
                        ]
                    )
                    .ConfigureAwait(false)
            )!;

        return new RescueResult((int)moved[0], (byte[][])moved[2]!, (int)moved[1], (string)moved[3]!);
    }

    static string PoisonReason(int limit) =>
        "\"error_class\":\"MassTransit.Sidekiq.PoisonJob\",\"error_message\":\"Its process died "
        + $"{limit} times within {poisonMemory.TotalHours} hours while it had this job. The job probably kills its process.\"";

    async Task<int> Release(IReadOnlyList<string> queues, bool endsLease)
    {
        lock (gate)
        {
            owned.ExceptWith(queues);
        }

        var touched = new List<RedisKey> { keys.Alive, keys.Owners };
        var arguments = new List<RedisValue> { endsLease ? 1 : 0 };
        foreach (var queue in queues)
        {
            touched.Add(keys.Queue(queue).Working);
            touched.Add(keys.Queue(queue).Landing);
            arguments.Add(Member(queue));
        }

        return (int)await link.Run(Script.Release, [.. touched], [.. arguments]).ConfigureAwait(false);
    }

    RedisValue Member(string queue) => Member(new Orphan(keys.Identity, queue));

    static RedisValue Member(Orphan orphan) =>
        orphan.Queue.Length == 0 ? orphan.Identity : $"{orphan.Identity}|{orphan.Queue}";
}
