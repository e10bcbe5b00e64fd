using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// A due member of the retry or scheduled set, byte for byte: the member is its own key there.
internal readonly record struct DueMember(byte[] Json, DateTimeOffset Due);

// `Refusal` is Redis's first refusal of a push (a queue of another type); the `Refused` jobs, by position, stay in
// their set.
internal sealed record PushedJobs(int Moved, string? Refusal, IReadOnlyList<int> Refused);

// Whether this process moves what is due; how much that is, and when the next will be.
internal sealed record PollTurn(bool IsOurs, long Due, DateTimeOffset? Next);

// Moves due jobs to their queues.
internal sealed class DueJobStore(RedisConnection redis, RedisKeys keys, DeadSet dead)
{
    public const int MostJobs = 100;

    // How long a killed process keeps the others from moving what is due.
    static readonly TimeSpan turn = TimeSpan.FromSeconds(3);

    readonly RedisLink link = redis.Working;
    bool hadTurn;

    // Most of the time nothing is due, which two reads tell.
    public async Task<PollTurn> TakeTurn(DateTimeOffset now)
    {
        if (!hadTurn && await First().ConfigureAwait(false) is { HasRefused: false } first && !(first.Next <= now))
        {
            return new PollTurn(false, 0, first.Next);
        }

        var reply = (RedisResult[])
            (
                await link.Run(
                        Script.TakeTurn,
                        [keys.Polling, keys.Retry, keys.Schedule],
                        [keys.Identity, Score.From(now), (long)turn.TotalMilliseconds]
                    )
                    .ConfigureAwait(false)
            )!;
        var scores = reply[2..].Select(score => (string)score!).Where(score => score.Length > 0).Select(Score.Parse);

        hadTurn = (int)reply[0] == 1;
        return new PollTurn(
            hadTurn,
            (long)reply[1],
            scores.Order().Select(score => (DateTimeOffset?)Score.ToTime(score)).FirstOrDefault()
        );
    }

    // The time of the soonest member of both sets. A set that refuses is left to the step.
    async Task<(DateTimeOffset? Next, bool HasRefused)> First()
    {
        try
        {
            var first = await Task.WhenAll(First(keys.Retry), First(keys.Schedule)).ConfigureAwait(false);
            return (first.Min(), false);
        }
        catch (SidekiqRedisException)
        {
            return (null, true);
        }
    }

    async Task<DateTimeOffset?> First(RedisKey set)
    {
        var first = await link.Ask("read", database => database.SortedSetRangeByScoreWithScoresAsync(set, take: 1))
            .ConfigureAwait(false);
        return first.Length > 0 ? Score.ToTime(first[0].Score) : null;
    }

    // Soonest first, after `after`, or from a time on.
    public async Task<IReadOnlyList<DueMember>> ReadDue(
        DueSet set,
        DateTimeOffset now,
        DueMember? after = null,
        DateTimeOffset? from = null,
        int limit = MostJobs
    )
    {
        var reply = (RedisValue[])
            (
                await link.Run(
                        Script.ReadDue,
                        [keys.Of(set)],
                        [
                            Score.From(now),
                            after?.Json ?? RedisValue.EmptyString,
                            (after?.Due ?? from) is { } start ? Score.From(start) : "",
                            limit,
                        ]
                    )
                    .ConfigureAwait(false)
            )!;

        var due = new DueMember[reply.Length / 2];
        for (var i = 0; i < due.Length; i++)
        {
            due[i] = new DueMember((byte[])reply[2 * i]!, Score.ToTime(Score.Parse((string)reply[(2 * i) + 1]!)));
        }

        return due;
    }

    // The queues that some .NET process takes jobs from.
    public async Task<HashSet<string>> OwnedQueues()
    {
        var owners = await link.Call("read", keys.Owners, database => database.SetMembersAsync(keys.Owners))
            .ConfigureAwait(false);
        return
        [
            .. owners
                .Select(owner => (string)owner!)
                .Where(owner => owner.Contains('|', StringComparison.Ordinal))
                .Select(owner => owner[(owner.IndexOf('|', StringComparison.Ordinal) + 1)..]),
        ];
    }

    // Moves at most 100 jobs. A job for a temporary queue that has ended is dropped, and counts as moved. `keepsTurn`: this
    // process continues with others.
    public async Task<PushedJobs> PushDue(DueSet set, IReadOnlyList<DueMove> jobs, bool keepsTurn = false)
    {
        if (jobs.Count == 0)
        {
            return new PushedJobs(0, null, []);
        }

        var arguments = new RedisValue[3 + (4 * jobs.Count)];
        (arguments[0], arguments[1]) = (keys.Prefix, keepsTurn ? keys.Identity : "");
        arguments[2] = (long)turn.TotalMilliseconds;
        for (var i = 0; i < jobs.Count; i++)
        {
            arguments[3 + (4 * i)] = jobs[i].Member;
            arguments[4 + (4 * i)] = JobValue.Of(jobs[i].Json);
            arguments[5 + (4 * i)] = jobs[i].Queue;
            arguments[6 + (4 * i)] = jobs[i].Token?.ToString("D") ?? "";
        }

        var reply = (RedisResult[])
            (
                await link.Run(Script.PushDue, [keys.Of(set), keys.Queues, keys.Temporaries, keys.Polling], arguments)
                    .ConfigureAwait(false)
            )!;
        var refusal = (string?)reply[1];
        return new PushedJobs((int)reply[0], string.IsNullOrEmpty(refusal) ? null : refusal, (int[])reply[2]!);
    }

    // 1; 0 when the member has left; -1 when its queue is temporary.
    public async Task<long> PushChanged(DueSet set, DueMove move) =>
        (long)
            await link.Run(
                    Script.PushChanged,
                    [
                        keys.Of(set),
                        keys.Queue(move.Queue).List,
                        keys.Queues,
                        keys.Temporaries,
                        keys.Token(move.Token ?? Guid.Empty),
                    ],
                    [move.Member, JobValue.Of(move.Json), move.Queue]
                )
                .ConfigureAwait(false);

    // The same, for a job that stays in its set; -2 when an equal one is there already.
    public async Task<long> Replace(DueSet set, byte[] member, ReadOnlyMemory<byte> json, string queue) =>
        (long)
            await link.Run(Script.Replace, [keys.Of(set), keys.Temporaries], [member, JobValue.Of(json), queue])
                .ConfigureAwait(false);

    // False when another poller took it.
    public async Task<bool> BuryUnreadable(DueSet set, byte[] member, DateTimeOffset now, JobTies ties = default)
    {
        var buried = await link.Run(
                Script.BuryUnreadable,
                [keys.Of(set), keys.Dead, .. keys.OfAny(ties)],
                [member, Score.From(now), Score.From(dead.Oldest(now)), dead.MaxJobs, ties.Jid]
            )
            .ConfigureAwait(false);

        return (int)buried == 1;
    }
}
