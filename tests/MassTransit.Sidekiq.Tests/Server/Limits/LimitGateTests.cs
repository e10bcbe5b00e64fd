using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class LimitGateTests
{
    static readonly TimeSpan lease = TimeSpan.FromSeconds(15);
    static readonly LimitDefinition slots = new("api", SidekiqLimitKind.Concurrent, 2, TimeSpan.Zero);
    static readonly LimitDefinition window = new("rate", SidekiqLimitKind.Window, 10, TimeSpan.FromSeconds(10));

    [Fact]
    public async Task Slots_that_run_are_kept_and_those_that_have_ended_are_not()
    {
        await using var steps = await RedisSteps.Open();
        var store = new LimitStore(steps.Connection, steps.Keys);
        var gate = new LimitGate(store, "me", lease, TimeProvider.System, steps.Log);
        var keeper = new SlotKeeper(gate, store, lease, TimeProvider.System);
        await Ask(gate, 1);
        await Ask(gate, 2);
        await gate.Free(new Delivery("orders", 2), [Use(slots)]);
        await steps.Redis.Db.SortedSetAddAsync("mt:limit:api", [new("me:1", 1), new("me:2", 1)]);

        Assert.Equal(lease / 5, await keeper.Cycle(CancellationToken.None));

        Assert.True(await steps.Redis.Db.SortedSetScoreAsync("mt:limit:api", "me:1") > 1_000_000);
        Assert.Equal(1, await steps.Redis.Db.SortedSetScoreAsync("mt:limit:api", "me:2"));
    }

    [Fact]
    public async Task Slot_that_is_kept_while_its_job_ends_is_freed_again()
    {
        await using var steps = await RedisSteps.Open();
        var store = new LimitStore(steps.Connection, steps.Keys);
        var gate = new LimitGate(store, "me", lease, TimeProvider.System, steps.Log);
        await Ask(gate, 1);
        await Ask(gate, 2);

        var held = gate.Held;
        await gate.Free(new Delivery("orders", 2), [Use(slots)]);
        await store.Keep(held, lease);
        await gate.FreeEnded(held);

        Assert.Equal(
            ["me:1"],
            (await steps.Redis.Db.SortedSetRangeByRankAsync("mt:limit:api")).Select(holder => $"{holder}")
        );
    }

    [Fact]
    public async Task Start_whose_answer_comes_late_is_not_used_and_asked_for_again()
    {
        await using var steps = await RedisSteps.Open();
        var store = new LimitStore(steps.Connection, steps.Keys);
        // It may take 0.1 s. The first answer does not come within that, the second does.
        var clock = new SteppingClock([0, 0.3, 0.3, 0.3, 0.3, 0.4, 0.4]);
        var gate = new LimitGate(store, "me", lease, clock, steps.Log);

        var answer = await gate.Ask(
            new Delivery("orders", 1),
            SidekiqJob.Parse("""{"class":"A","args":[],"jid":"1"}""".Bytes(), "orders"),
            [Use(window), Use(slots)],
            CancellationToken.None
        );

        Assert.Null(answer.Due);
        Assert.Equal(2, await steps.Redis.Db.ListLengthAsync("mt:limit:rate"));
        Assert.Equal(1, await steps.Redis.Db.SortedSetLengthAsync("mt:limit:api"));
        Assert.Single(gate.Held);
    }

    [Fact]
    public async Task Limits_are_declared_once_by_a_process()
    {
        await using var steps = await RedisSteps.Open();
        var store = new LimitStore(steps.Connection, steps.Keys);
        var gate = new LimitGate(store, "me", lease, TimeProvider.System, steps.Log);

        await gate.Declare([slots]);
        await store.Declare([slots with { Most = 7 }]);
        await gate.Declare([slots]);

        Assert.StartsWith("concurrent 7 0 ", await steps.Redis.Db.HashGetAsync("mt:limits", "api"));
    }

    static Task<LimitAnswer> Ask(LimitGate gate, long number) =>
        gate.Ask(
            new Delivery("orders", number),
            SidekiqJob.Parse("""{"class":"A","args":[],"jid":"1"}""".Bytes(), "orders"),
            [Use(slots)],
            CancellationToken.None
        );

    static LimitUse Use(LimitDefinition limit) => LimitUse.Of(limit, "");

    sealed class SteppingClock(double[] seconds) : TimeProvider
    {
        int looks;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => (long)(seconds[Math.Min(looks++, seconds.Length - 1)] * 1000);
    }
}
