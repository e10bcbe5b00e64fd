namespace MassTransit.Sidekiq.Tests.Redis;

public sealed class LimitStoreTests
{
    static readonly TimeSpan lease = TimeSpan.FromSeconds(15);
    static readonly TimeSpan hour = TimeSpan.FromHours(1);

    // A window counts a start for a second longer than its period, if that is long.
    static readonly TimeSpan counted = hour;

    // A denied job comes back a moment before there is room, and may then wait for it.
    static readonly TimeSpan early = counted - TimeSpan.FromSeconds(0.05);
    static readonly LimitDefinition slots = new("slots", SidekiqLimitKind.Concurrent, 2, TimeSpan.Zero);
    static readonly LimitDefinition window = new("window", SidekiqLimitKind.Window, 3, hour - TimeSpan.FromSeconds(1));
    static readonly LimitDefinition bucket = new("bucket", SidekiqLimitKind.Bucket, 3, hour);

    [Fact]
    public async Task Slots_are_held_until_they_are_freed_and_asked_for_twice_they_are_held_once()
    {
        await using var steps = await RedisSteps.Open("app:");
        var store = Store(steps);

        Assert.Equal(new[] { true, true, false }, await Ask(store, slots, "a", "b", "c"));
        Assert.Equal(new[] { true }, await Ask(store, slots, "a"));
        Assert.Equal(new[] { false }, await Ask(store, slots, "c"));
        await store.Free([(new HeldSlot(Use(slots), "a"), lease)]);
        await store.Free([(new HeldSlot(Use(slots), "a"), lease)]);
        Assert.Equal(new[] { true, false }, await Ask(store, slots, "c", "d"));

        await AllExpire(steps);
        Assert.Equal(2, await steps.Redis.Db.SortedSetLengthAsync("app:mt:limit:slots"));
    }

    [Fact]
    public async Task Slot_that_nobody_keeps_ends_with_its_time_and_one_that_is_kept_does_not()
    {
        await using var steps = await RedisSteps.Open();
        var store = Store(steps);
        await Ask(store, slots, "dead", "alive");
        foreach (var holder in new[] { "dead", "alive" })
        {
            await steps.Redis.Db.SortedSetAddAsync("mt:limit:slots", holder, 1);
        }

        await store.Keep([new HeldSlot(Use(slots), "alive")], lease);

        Assert.Equal(new[] { true, false }, await Ask(store, slots, "next", "last"));
        Assert.Equal(
            ["alive", "next"],
            (await steps.Redis.Db.SortedSetRangeByRankAsync("mt:limit:slots")).Select(holder => $"{holder}").Order()
        );
    }

    [Fact]
    public async Task Window_lets_the_next_start_when_the_first_is_a_period_ago_and_spaces_those_that_wait()
    {
        await using var steps = await RedisSteps.Open();
        var store = Store(steps);

        var dues = await Dues(store, window, denials: 0, "a", "b", "c", "d", "e");
        var first = await Start(steps, -1);

        Assert.Equal([null, null, null, first + early, first + early + (counted / 3)], dues);
        // Those that come back do not go to the end of the line.
        Assert.Equal([first + early, first + early + (counted / 3)], await Dues(store, window, denials: 1, "d", "e"));

        // The first was longer than a period ago.
        await steps.Redis.Db.ListSetByIndexAsync("mt:limit:window", -1, 1);
        Assert.Equal(new[] { true, false }, await Ask(store, window, "d", "e"));
        Assert.Equal(3, await steps.Redis.Db.ListLengthAsync("mt:limit:window"));
        await AllExpire(steps);
    }

    [Fact]
    public async Task Bucket_takes_its_capacity_at_once_and_then_what_leaks()
    {
        await using var steps = await RedisSteps.Open();
        var store = Store(steps);

        var dues = await Dues(store, bucket, denials: 0, "a", "b", "c", "d", "e");
        var full = (double)await steps.Redis.Db.StringGetAsync("mt:limit:bucket");

        Assert.Equal([null, null, null], dues[..3]);
        Assert.Equal(
            Time(full) - (hour * 2 / 3) - TimeSpan.FromSeconds(0.05),
            dues[3]!.Value,
            TimeSpan.FromMilliseconds(1)
        );
        Assert.Equal(hour / 3, dues[4]!.Value - dues[3]!.Value);

        // A third of an hour later.
        await steps.Redis.Db.StringSetAsync("mt:limit:bucket", $"{full - (hour / 3).TotalMicroseconds:F0}", hour);
        Assert.Equal(new[] { true, false }, await Ask(store, bucket, "d", "e"));
        await AllExpire(steps);
    }

    [Fact]
    public async Task Job_that_has_room_in_a_moment_may_start_then_with_all_its_limits()
    {
        // The moment may be over before a busy machine has asked.
        var wasInTime = false;
        for (var attempt = 0; attempt < 20 && !wasInTime; attempt++)
        {
            await using var steps = await RedisSteps.Open();
            wasInTime = await HasRoomInAMoment(steps);
        }

        Assert.True(wasInTime);
    }

    static async Task<bool> HasRoomInAMoment(RedisSteps steps)
    {
        var store = Store(steps);
        await Ask(store, window, "a", "b", "c");
        var now = await Now(steps);
        // In which 60 ms are left.
        foreach (var position in new[] { -1, -2, -3 })
        {
            await steps.Redis.Db.ListSetByIndexAsync(
                "mt:limit:window",
                position,
                now - (long)counted.TotalMicroseconds + 60_000
            );
        }

        var answer = (await store.Take([new LimitAsk("d", "orders", "d", 0, [Use(window), Use(slots)])], lease))[0];
        // It is not before the one that has been let start then.
        var next = (await store.Take([new LimitAsk("e", "orders", "e", 0, [Use(window)])], lease))[0];
        if (answer.Wait == TimeSpan.Zero || next.Wait == TimeSpan.Zero)
        {
            return false;
        }

        Assert.Null(answer.Due);
        Assert.InRange(answer.Wait, TimeSpan.FromTicks(1), TimeSpan.FromMilliseconds(60));
        Assert.Equal(Time(now + 60_000), await Start(steps, 1));
        Assert.InRange(next.Wait, TimeSpan.FromTicks(1), TimeSpan.FromMilliseconds(60));
        return true;
    }

    [Fact]
    public async Task Job_takes_of_all_its_limits_or_of_none_and_waits_for_the_last()
    {
        await using var steps = await RedisSteps.Open();
        var store = Store(steps);
        await Ask(store, window, "a", "b", "c");

        var denied = (await store.Take([new LimitAsk("d", "orders", "d", 0, [Use(slots), Use(window)])], lease))[0];
        var passed = (await store.Take([new LimitAsk("e", "orders", "e", 0, [Use(slots), Use(bucket)])], lease))[0];

        Assert.Equal([Use(window)], denied.Uses);
        Assert.Equal(await Start(steps, -1) + early, denied.Due);
        // It holds a slot, which is to be freed, and nothing of a bucket is.
        Assert.Null(passed.Due);
        Assert.Equal([Use(slots)], passed.Uses);
        Assert.Equal(
            ["e"],
            (await steps.Redis.Db.SortedSetRangeByRankAsync("mt:limit:slots")).Select(slot => $"{slot}")
        );
    }

    [Fact]
    public async Task Each_key_has_a_limit_of_its_own()
    {
        await using var steps = await RedisSteps.Open();
        var store = Store(steps);

        foreach (var key in new[] { "ada", "bob", "" })
        {
            Assert.Equal(new[] { true, true, false }, await AskFor(key, store, slots, "a", "b", "c"));
        }

        var state = Assert.Single(await store.Read());
        Assert.Equal(2, state.Keys);
        Assert.Equal(
            [("", 2L), ("ada", 2L), ("bob", 2L)],
            state.Uses.OrderBy(use => use.Key, StringComparer.Ordinal).Select(use => (use.Key, use.Used))
        );
        await AllExpire(steps);
    }

    [Fact]
    public async Task Denied_job_waits_in_the_schedule_and_the_end_of_another_moves_it_to_the_head_of_its_queue()
    {
        await using var steps = await RedisSteps.Open("app:");
        var store = Store(steps);
        await Ask(store, slots, "a", "b");
        await steps.Redis.Db.ListLeftPushAsync("app:queue:orders", "behind");
        var denials = new List<DateTimeOffset>();
        foreach (var jid in new[] { "gone", "c", "d" })
        {
            denials.Add((await PutOff(steps, store, jid))!.Value);
        }

        var set = await steps.Redis.Db.SortedSetRangeByRankWithScoresAsync("app:schedule");
        Assert.Equal(["""{"jid":"gone"}""", """{"jid":"c"}""", """{"jid":"d"}"""], set.Select(job => $"{job.Element}"));
        Assert.Equal(denials.Select(Score.ToSeconds), set.Select(job => job.Score));
        Assert.Equal(3, Assert.Single((await store.Read())[0].Uses).Waiting);

        // By hand, or by an inspector.
        await steps.Redis.Db.SortedSetRemoveAsync("app:schedule", """{"jid":"gone"}""");
        Assert.Equal(1, await store.Free([(new HeldSlot(Use(slots), "a"), hour)]));

        Assert.Equal("""{"jid":"c"}""", await steps.Redis.Db.ListGetByIndexAsync("app:queue:orders", -1));
        Assert.Equal(2, await steps.Redis.Db.ListLengthAsync("app:queue:orders"));
        Assert.Equal("""{"jid":"d"}""", Assert.Single(await steps.Redis.Db.SortedSetRangeByRankAsync("app:schedule")));
        Assert.Empty(await steps.Redis.Db.HashKeysAsync(steps.Keys.Queue("orders").Working));
        await AllExpire(steps);
    }

    [Fact]
    public async Task Slot_that_is_freed_between_the_denial_and_the_move_lets_the_job_come_back_at_once()
    {
        await using var steps = await RedisSteps.Open();
        var store = Store(steps);
        await Ask(store, slots, "a", "b");
        var denial = await Deny(store, "c", slots);
        await store.Free([(new HeldSlot(Use(slots), "a"), hour)]);

        var due = await Move(steps, store, "c", denial);

        Assert.True(due < denial.Due);
    }

    [Fact]
    public async Task Denied_job_whose_claim_is_gone_is_not_moved_and_one_that_Redis_does_not_take_stays_claimed()
    {
        await using var steps = await RedisSteps.Open();
        var store = Store(steps);
        await Ask(store, slots, "a", "b");
        var denial = await Deny(store, "c", slots);

        Assert.Null(await store.PutOff(new Delivery("orders", 1), "{}".Bytes(), "c", denial, null));
        Assert.Empty(await steps.Redis.ScheduledSet());

        await steps.Redis.Db.StringSetAsync("schedule", "no set");
        var before = await steps.Redis.Snapshot();
        await Assert.ThrowsAsync<SidekiqRedisException>(() => Move(steps, store, "c", denial));
        before[(string)steps.Keys.Queue("orders").Working!] = (await steps.Redis.Snapshot())[
            (string)steps.Keys.Queue("orders").Working!
        ];

        Assert.Equal(before, await steps.Redis.Snapshot());
        Assert.Equal(1, await steps.Redis.Db.HashLengthAsync(steps.Keys.Queue("orders").Working));
    }

    [Fact]
    public async Task Newest_definition_applies_to_all_and_those_that_had_another_are_told()
    {
        await using var steps = await RedisSteps.Open();
        var store = Store(steps);
        Assert.Empty(await store.Declare([slots, window]));
        Assert.Empty(await store.Declare([slots]));
        await Ask(store, slots, "a", "b");

        Assert.Equal([("slots", slots.Text)], await store.Declare([slots with { Most = 3 }, window]));
        Assert.Equal(new[] { true, false }, await Ask(store, slots, "c", "d"));

        // Of another kind it begins anew.
        await store.Declare([window with { Name = "slots" }]);
        Assert.Equal(new[] { true, true, true, false }, await Ask(store, slots, "a", "b", "c", "d"));

        // When Redis has lost it, the first that asks stores its own.
        await steps.Redis.Db.KeyDeleteAsync(["mt:limits", "mt:limit:slots"]);
        Assert.Equal(new[] { true, true, false }, await Ask(store, slots, "a", "b", "c"));
        Assert.StartsWith("concurrent 2 0 ", await steps.Redis.Db.HashGetAsync("mt:limits", "slots"));
        await AllExpire(steps);
    }

    [Fact]
    public async Task Jobs_start_and_end_in_a_Redis_that_is_full()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        var store = Store(steps);
        await Ask(store, slots, "a", "b");
        var denial = await Deny(store, "c", slots);
        await steps.Redis.Db.HashSetAsync(steps.Keys.Queue("orders").Working, 7, "{}");
        await steps.Redis.Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        Assert.NotNull(await store.PutOff(new Delivery("orders", 7), """{"jid":"c"}""".Bytes(), "c", denial, null));
        Assert.Equal(1, await store.Free([(new HeldSlot(Use(slots), "a"), hour)]));
        Assert.Equal(new[] { true, false }, await Ask(store, slots, "c", "d"));
    }

    static LimitStore Store(RedisSteps steps) => new(steps.Connection, steps.Keys);

    static LimitUse Use(LimitDefinition limit, string key = "") => LimitUse.Of(limit, key);

    // Which of these jobs may start.
    static Task<bool[]> Ask(LimitStore store, LimitDefinition limit, params string[] jobs) =>
        AskFor("", store, limit, jobs);

    static async Task<bool[]> AskFor(string key, LimitStore store, LimitDefinition limit, params string[] jobs) =>
        [
            .. (
                await store.Take([.. jobs.Select(job => new LimitAsk(job, "orders", job, 0, [Use(limit, key)]))], lease)
            ).Select(answer => answer.Due is null),
        ];

    static async Task<DateTimeOffset?[]> Dues(
        LimitStore store,
        LimitDefinition limit,
        int denials,
        params string[] jobs
    ) =>
        [
            .. (
                await store.Take(
                    [.. jobs.Select(job => new LimitAsk(job, "orders", job, denials, [Use(limit)]))],
                    lease
                )
            ).Select(answer => answer.Due),
        ];

    static async Task<LimitAnswer> Deny(LimitStore store, string job, LimitDefinition limit)
    {
        var answer = (await store.Take([new LimitAsk(job, "orders", job, 0, [Use(limit)])], lease))[0];
        Assert.NotNull(answer.Due);
        return answer;
    }

    static async Task<DateTimeOffset?> PutOff(RedisSteps steps, LimitStore store, string jid) =>
        await Move(steps, store, jid, await Deny(store, jid, slots));

    static async Task<DateTimeOffset?> Move(RedisSteps steps, LimitStore store, string jid, LimitAnswer denial)
    {
        await steps.Redis.Db.HashSetAsync(steps.Keys.Queue("orders").Working, 7, "{}");
        return await store.PutOff(new Delivery("orders", 7), $$"""{"jid":"{{jid}}"}""".Bytes(), jid, denial, null);
    }

    static async Task<DateTimeOffset> Start(RedisSteps steps, int position) =>
        Time((double)await steps.Redis.Db.ListGetByIndexAsync("mt:limit:window", position));

    static async Task<long> Now(RedisSteps steps)
    {
        var time = (long[])(await steps.Redis.Db.ExecuteAsync("TIME"))!;
        return (time[0] * 1_000_000) + time[1];
    }

    static DateTimeOffset Time(double microseconds) =>
        DateTimeOffset.UnixEpoch + TimeSpan.FromMicroseconds((long)microseconds);

    static async Task AllExpire(RedisSteps steps)
    {
        foreach (var key in await steps.Redis.Keys())
        {
            if (key.Contains("mt:limit", StringComparison.Ordinal))
            {
                Assert.True(await steps.Redis.Db.KeyTimeToLiveAsync(key) is not null, $"{key} never expires");
            }
        }
    }
}
