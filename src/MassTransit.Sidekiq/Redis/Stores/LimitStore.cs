using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// A limit as it is stored, with its uses: that without a key, and those of its keys that are used last.
internal sealed record LimitState(string Name, string Definition, long Keys, IReadOnlyList<LimitUseState> Uses);

internal sealed record LimitUseState(string Key, long Used, long Waiting, DateTimeOffset? LastDue);

// The limits that processes of all languages share. A test harness without Redis has none.
internal class LimitStore(RedisConnection redis, RedisKeys keys)
{
    public const int MostAsks = 100;
    public const int MostSlots = 500;
    public const int MostLimits = 500;
    public const int MostKeys = 50;

    static readonly TimeSpan life = TimeSpan.FromDays(30);

    readonly RedisLink link = redis.Working;

    // Returns the names and definitions of those that another process had defined differently.
    public virtual async Task<IReadOnlyList<(string Name, string Before)>> Declare(
        IReadOnlyList<LimitDefinition> limits
    )
    {
        var changed = (string[])
            (
                await link.Run(
                        Script.DeclareLimits,
                        [keys.Limits],
                        [
                            (long)life.TotalSeconds,
                            .. limits.SelectMany(limit => new RedisValue[] { limit.Name, limit.Text }),
                        ]
                    )
                    .ConfigureAwait(false)
            )!;
        return [.. changed.Chunk(2).Select(pair => (pair[0], pair[1]))];
    }

    // At most `MostAsks`, answered in their order.
    public virtual async Task<IReadOnlyList<LimitAnswer>> Take(IReadOnlyList<LimitAsk> asks, TimeSpan lease)
    {
        var uses = asks.SelectMany(ask => ask.Uses).Distinct().ToList();
        var position = uses.Select((use, i) => (use, i)).ToDictionary(pair => pair.use, pair => pair.i);
        var reply = (RedisResult[])
            (
                await link.Run(
                        Script.TakeLimits,
                        [keys.Limits, .. uses.SelectMany(KeysOf)],
                        [
                            uses.Count,
                            (long)lease.TotalMilliseconds,
                            (long)life.TotalSeconds,
                            .. uses.SelectMany(use =>
                                new RedisValue[] { use.Definition.Name, use.Key, use.Definition.Text }
                            ),
                            .. asks.SelectMany(ask =>
                                new RedisValue[]
                                {
                                    ask.Holder,
                                    Waiter(ask.Queue, ask.Jid),
                                    ask.Denials,
                                    ask.Uses.Count,
                                }.Concat(ask.Uses.Select(use => (RedisValue)position[use]))
                            ),
                        ]
                    )
                    .ConfigureAwait(false)
            )!;

        return [.. reply.Select(answer => (long[])answer!).Select(Answer)];

        LimitAnswer Answer(long[] numbers) =>
            numbers[0] == 0
                ? new(null, Uses(numbers[2..]), TimeSpan.FromMicroseconds(numbers[1]))
                : new(Time(numbers[0]), Uses(numbers[1..]));

        IReadOnlyList<LimitUse> Uses(long[] positions) => [.. positions.Select(i => uses[(int)i])];
    }

    // When the job is due; null when the claim is gone.
    public async Task<DateTimeOffset?> PutOff(
        Delivery delivery,
        ReadOnlyMemory<byte> json,
        string jid,
        LimitAnswer denial,
        JobLock? held
    )
    {
        var due = (long)
            await link.Run(
                    Script.PutOff,
                    [
                        keys.Queue(delivery.Queue).Working,
                        keys.Schedule,
                        keys.Limits,
                        held is null ? "" : keys.Unique(held.Name),
                        .. denial.Uses.SelectMany(use => new[] { keys.Limit(use.Id), keys.LimitWaiting(use.Id) }),
                    ],
                    [
                        delivery.Number,
                        JobValue.Of(json),
                        (long)(denial.Due!.Value - DateTimeOffset.UnixEpoch).TotalMicroseconds,
                        Waiter(delivery.Queue, jid),
                        jid,
                        (long)(held?.Life ?? TimeSpan.Zero).TotalMilliseconds,
                        .. denial.Uses.Select(use => (RedisValue)use.Definition.Name),
                    ]
                )
                .ConfigureAwait(false);

        return due == 0 ? null : Time(due);
    }

    // Of jobs that have ended, each with how long its slot was held. At most `MostSlots`. Returns how many jobs were woken.
    public async Task<int> Free(IReadOnlyList<(HeldSlot Slot, TimeSpan Held)> slots) =>
        (int)
            await link.Run(
                    Script.FreeLimits,
                    [
                        keys.Limits,
                        keys.Schedule,
                        keys.Queues,
                        .. slots.SelectMany(ended =>
                            new[]
                            {
                                keys.Limit(ended.Slot.Use.Id),
                                keys.LimitLine(ended.Slot.Use.Id),
                                keys.LimitWaiting(ended.Slot.Use.Id),
                            }
                        ),
                    ],
                    [
                        keys.Prefix,
                        .. slots.SelectMany(ended =>
                            new RedisValue[]
                            {
                                ended.Slot.Use.Definition.Name,
                                ended.Slot.Holder,
                                (long)ended.Held.TotalMilliseconds,
                            }
                        ),
                    ]
                )
                .ConfigureAwait(false);

    public async Task Keep(IReadOnlyList<HeldSlot> slots, TimeSpan lease)
    {
        foreach (var slice in slots.Chunk(MostSlots))
        {
            await link.Run(
                    Script.KeepLimits,
                    [
                        .. slice.SelectMany(slot =>
                            new[] { keys.Limit(slot.Use.Id), keys.LimitKeys(slot.Use.Definition.Name) }
                        ),
                    ],
                    [
                        (long)lease.TotalMilliseconds,
                        .. slice.SelectMany(slot => new RedisValue[] { slot.Holder, slot.Use.Key }),
                    ]
                )
                .ConfigureAwait(false);
        }
    }

    public async Task<IReadOnlyList<LimitState>> Read()
    {
        var reply = (RedisResult[])
            (
                await link.Run(Script.ReadLimits, [keys.Limits], [keys.Prefix, MostLimits, MostKeys])
                    .ConfigureAwait(false)
            )!;
        return [.. reply.Select(limit => State((RedisResult[])limit!))];
    }

    static LimitState State(RedisResult[] limit) =>
        new(
            (string)limit[0]!,
            (string)limit[1]!,
            (long)limit[2],
            [.. ((RedisResult[])limit[3]!).Select(use => Use((RedisResult[])use!))]
        );

    static LimitUseState Use(RedisResult[] use) =>
        new(
            (string)use[0]!,
            (long)use[1],
            (long)use[2],
            (string)use[3]! is { Length: > 0 } due ? Score.ToTime(Score.Parse(due)) : null
        );

    RedisKey[] KeysOf(LimitUse use) =>
        [keys.Limit(use.Id), keys.LimitLine(use.Id), keys.LimitWaiting(use.Id), keys.LimitKeys(use.Definition.Name)];

    // A job that waits. No queue has a newline in its name.
    static RedisValue Waiter(string queue, string jid) => $"{queue}\n{jid}";

    static DateTimeOffset Time(long microseconds) => DateTimeOffset.UnixEpoch + TimeSpan.FromMicroseconds(microseconds);
}
