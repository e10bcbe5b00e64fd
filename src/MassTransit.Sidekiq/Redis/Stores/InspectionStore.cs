using System.Globalization;
using System.Text;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// A process as the registry describes it. The work is empty when it runs nothing, or was not requested.
internal sealed record RegisteredProcess(
    string Identity,
    IReadOnlyDictionary<string, byte[]> Fields,
    IReadOnlyList<(string Thread, byte[] Json)> Work,
    TimeSpan? Lease = null
);

// A queue: how many jobs wait in it, the next of them, and whether it is paused.
internal sealed record QueueState(string Name, long Size, byte[]? Next, bool IsPaused)
{
    // How long the next job has waited.
    public TimeSpan Latency(DateTimeOffset now)
    {
        var job = Next is null ? null : SidekiqJob.TryParse(Next);
        var since = job?.EnqueuedAt ?? job?.CreatedAt;

        // Clocks of two machines differ.
        return since is { } time && time < now ? now - time : TimeSpan.Zero;
    }
}

// What an inspector reads, and the few changes that only it makes. Everything is read in pages, or is bounded by the
// number of queues and processes.
internal sealed class InspectionStore(RedisConnection redis, RedisKeys keys)
{
    readonly RedisLink link = redis.Working;

    public Task<long> Count(DueSet set) => Call(db => db.SortedSetLengthAsync(keys.Of(set)));

    // Of those whose time is before: Redis counts by rank, so a large set costs no more.
    public Task<long> Count(DueSet set, DateTimeOffset before) =>
        Call(db =>
            db.SortedSetLengthAsync(keys.Of(set), double.NegativeInfinity, Score.ToSeconds(before), Exclude.Stop)
        );

    // Members and scores after `after`, which may have left the set (see page.lua).
    public async Task<IReadOnlyList<(byte[] Member, double Score)>> Page(
        DueSet set,
        bool newestFirst,
        byte[]? after,
        double? score,
        int count
    )
    {
        var reply = (byte[][])
            (
                await link.Run(
                        Script.Page,
                        [keys.Of(set)],
                        [
                            newestFirst ? 1 : 0,
                            after is null ? RedisValue.EmptyString : after,
                            score is { } known ? Text(known) : "",
                            count,
                        ]
                    )
                    .ConfigureAwait(false)
            )!;

        var page = new (byte[], double)[reply.Length / 2];
        for (var i = 0; i < page.Length; i++)
        {
            page[i] = (reply[2 * i], Score.Parse(Encoding.UTF8.GetString(reply[(2 * i) + 1])));
        }

        return page;
    }

    // One step of a search: members that may contain the text, and the next cursor; 0 at the end.
    public async Task<(string Cursor, IReadOnlyList<(byte[] Member, double Score)> Found)> Search(
        DueSet set,
        string cursor,
        string text
    )
    {
        var reply = (RedisResult[])
            (
                await Call(db =>
                        db.ExecuteAsync(
                            "ZSCAN",
                            (string)keys.Of(set)!,
                            cursor,
                            "MATCH",
                            $"*{Globs.Escape(text)}*",
                            "COUNT",
                            1000
                        )
                    )
                    .ConfigureAwait(false)
            )!;
        var found = (byte[][])reply[1]!;

        return (
            (string)reply[0]!,
            [
                .. Enumerable
                    .Range(0, found.Length / 2)
                    .Select(i => (found[2 * i], Score.Parse(Encoding.UTF8.GetString(found[(2 * i) + 1])))),
            ]
        );
    }

    public Task<bool> Delete(DueSet set, byte[] member) => Call(db => db.SortedSetRemoveAsync(keys.Of(set), member));

    // False when the member has left. Only an existing member gets a new time, so that none is resurrected.
    public async Task<bool> Reschedule(DueSet set, byte[] member, DateTimeOffset at)
    {
        var key = keys.Of(set);
        var changed = await Call(db =>
                db.ExecuteAsync("ZADD", (string)key!, "XX", "CH", Score.From(at), (object)member)
            )
            .ConfigureAwait(false);

        // ZADD also counts no change if the member already had this time.
        return (int)changed == 1
            || await Call(db => db.SortedSetScoreAsync(key, member)).ConfigureAwait(false) is not null;
    }

    public Task<long> Clear(DueSet set) => Clear(keys.Of(set), "");

    public Task<long> Clear(string queue) => Clear(keys.Queue(queue).List, queue);

    public async Task<bool> Delete(string queue, byte[] job) =>
        await Call(db => db.ListRemoveAsync(keys.Queue(queue).List, job, 1)).ConfigureAwait(false) > 0;

    // The size of a queue, and the job that is the last of it; null when that has no id, by which it is told from others.
    public async Task<(long Size, byte[]? Last)> End(string queue)
    {
        var state = await Call(async db =>
            {
                var size = db.ListLengthAsync(keys.Queue(queue).List);
                var last = db.ListGetByIndexAsync(keys.Queue(queue).List, 0);
                return (await size.ConfigureAwait(false), (byte[]?)await last.ConfigureAwait(false));
            })
            .ConfigureAwait(false);

        return state is (var count, { } job) && SidekiqJob.TryParse(job)?.Jid is not null
            ? (count, job)
            : (state.Item1, null);
    }

    // 1; 0 when a worker has taken it; -1 when the other queue is temporary.
    public async Task<long> MoveOne(string queue, string other, byte[] job, ReadOnlyMemory<byte> changed) =>
        (long)
            await link.Run(Script.MoveWaiting, Between(queue, other), [other, job, JobValue.Of(changed)])
                .ConfigureAwait(false);

    // At most a hundred of the next ones: how many there still were; -1 when the other queue is temporary.
    public async Task<long> MoveNext(
        string queue,
        string other,
        IReadOnlyList<(byte[] Job, ReadOnlyMemory<byte> Changed)> jobs
    ) =>
        (long)
            await link.Run(
                    Script.MoveNext,
                    Between(queue, other),
                    [other, .. jobs.SelectMany(job => new RedisValue[] { job.Job, JobValue.Of(job.Changed) })]
                )
                .ConfigureAwait(false);

    RedisKey[] Between(string queue, string other) =>
        [keys.Queue(queue).List, keys.Queue(other).List, keys.Queues, keys.Temporaries];

    public Task Pause(string queue) => Call(db => db.SetAddAsync(keys.Paused, queue));

    public Task Unpause(string queue) => Call(db => db.SetRemoveAsync(keys.Paused, queue));

    // The next ones, from a position counted from the head of the queue.
    public async Task<IReadOnlyList<byte[]>> Jobs(string queue, long position, int count)
    {
        var jobs = await Call(db => db.ListRangeAsync(keys.Queue(queue).List, -position - count, -position - 1))
            .ConfigureAwait(false);

        return [.. jobs.Reverse().Select(job => (byte[])job!)];
    }

    // All queues, each with its size, its next job, and whether it is paused.
    public async Task<IReadOnlyList<QueueState>> Queues()
    {
        var (names, paused) = await Call(async db =>
            {
                var names = db.SetMembersAsync(keys.Queues);
                var paused = db.SetMembersAsync(keys.Paused);
                return (await names.ConfigureAwait(false), await paused.ConfigureAwait(false));
            })
            .ConfigureAwait(false);

        return await Queues([.. names.Select(name => (string)name!)], [.. paused.Select(name => (string)name!)])
            .ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<QueueState>> Queues(IReadOnlyList<string> names, HashSet<string> paused) =>
        await Call(async db =>
            {
                var sizes = names
                    .Select(name => Answers.OrNothing(db.ListLengthAsync(keys.Queue(name).List), 0))
                    .ToArray();
                var jobs = names
                    .Select(name =>
                        Answers.OrNothing(db.ListGetByIndexAsync(keys.Queue(name).List, -1), RedisValue.Null)
                    )
                    .ToArray();
                await Task.WhenAll(Task.WhenAll(sizes), Task.WhenAll(jobs)).ConfigureAwait(false);
                return names
                    .Select((name, i) => new QueueState(name, sizes[i].Result, jobs[i].Result, paused.Contains(name)))
                    .ToArray();
            })
            .ConfigureAwait(false);

    // Processes that still describe themselves. Sidekiq up to 6.4.1 stores its work under another name.
    public async Task<IReadOnlyList<RegisteredProcess>> Processes(bool withWork = false) =>
        await Call(async db =>
            {
                var identities = await db.SetMembersAsync(keys.Processes).ConfigureAwait(false);
                var found = identities.Select(identity => Process(db, (string)identity!, withWork)).ToArray();
                var processes = await Task.WhenAll(found).ConfigureAwait(false);
                return processes.Where(process => process.Fields.ContainsKey("info")).ToArray();
            })
            .ConfigureAwait(false);

    // Sidekiq's counters: `processed` and `failed` of all time, or of a day.
    public async Task<(long Processed, long Failed)[]> Counters(IReadOnlyList<string?> days)
    {
        RedisKey[] counters = [.. days.SelectMany(day => new[] { Counter("processed", day), Counter("failed", day) })];
        var values = await Call(db => db.StringGetAsync(counters)).ConfigureAwait(false);

        return [.. values.Chunk(2).Select(pair => (Count(pair[0]), Count(pair[1])))];

        static long Count(RedisValue counter) => counter.TryParse(out long count) ? count : 0;
    }

    // False when there is no such process.
    public async Task<bool> Signal(string identity, string signal) =>
        (int)
            await link.Run(Script.Signal, [keys.Processes, keys.SignalsOf(identity)], [identity, signal])
                .ConfigureAwait(false) == 1;

    // The answer of INFO; empty where it is not allowed.
    public async Task<string> Info()
    {
        try
        {
            var info = await Call(db => db.ExecuteAsync("INFO")).ConfigureAwait(false);
            return (string?)info ?? "";
        }
        catch (SidekiqRedisException)
        {
            return "";
        }
    }

    RedisKey Counter(string stat, string? day) => day is null ? keys.Stat(stat) : keys.StatOfDay(stat, day);

    async Task<RegisteredProcess> Process(IDatabase db, string identity, bool withWork)
    {
        var described = Answers.OrNothing(db.HashGetAllAsync(keys.ProcessOf(identity)), []);
        var lease = db.KeyTimeToLiveAsync(keys.AliveOf(identity));
        var work = withWork
            ? Answers.OrNothing(db.HashGetAllAsync(keys.WorkOf(identity)), [])
            : Task.FromResult<HashEntry[]>([]);
        var old = withWork ? Answers.OrNothing(db.HashGetAllAsync(keys.WorkersOf(identity)), []) : work;
        var fields = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var field in await described.ConfigureAwait(false))
        {
            fields[field.Name!] = field.Value!;
        }

        var (now, before) = (await work.ConfigureAwait(false), await old.ConfigureAwait(false));
        return new RegisteredProcess(
            identity,
            fields,
            [.. (now.Length > 0 ? now : before).Select(entry => ((string)entry.Name!, (byte[])entry.Value!))],
            await lease.ConfigureAwait(false)
        );
    }

    async Task<long> Clear(RedisKey key, string queue) =>
        (long)await link.Run(Script.Clear, [key, keys.Queues], [queue]).ConfigureAwait(false);

    static string Text(double score) => score.ToString("R", CultureInfo.InvariantCulture);

    Task<T> Call<T>(Func<IDatabase, Task<T>> question) => link.Call("inspect", keys.Queues, question);
}
