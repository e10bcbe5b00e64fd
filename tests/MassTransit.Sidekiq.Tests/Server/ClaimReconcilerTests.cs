using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests.Server;

/// <summary>Jobs that Redis holds for a live process and nobody there has.</summary>
public sealed class ClaimReconcilerTests(ITestOutputHelper output)
{
    const string Job = """{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":1}],"jid":"j1d"}""";

    [Fact]
    public async Task Job_whose_settlement_Redis_forgot_runs_again()
    {
        await using var redis = await RedisServer.Lease();
        var clock = new FakeClock();
        var seen = new Seen<SubmitOrder>();
        await using var bus = await Start(redis, clock, e => e.Note(seen));
        var working = await Working(redis);

        // As after a failover to a replica that had not heard of its end.
        await redis.Db.HashSetAsync(working, 999_999, Job);
        await Pass(clock, () => seen.All.Count > 0);

        Assert.Equal(1, (await seen.Next()).OrderId);
        await Until(() =>
            bus.Log.Any(line => line.Contains("Returned 1 jobs to queue orders", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task Job_that_is_worked_on_is_left_alone()
    {
        await using var redis = await RedisServer.Lease();
        var clock = new FakeClock();
        var (started, finish) = (new Seen<int>(), new TaskCompletionSource());
        await using var bus = await Start(
            redis,
            clock,
            e =>
                e.Handler<SubmitOrder>(context =>
                {
                    started.Add(context.Message.OrderId);
                    return finish.Task;
                })
        );
        await redis.SeedQueue("orders", Job);
        Assert.Equal(1, await started.Next());

        var passes = 0;
        await Pass(clock, () => ++passes == 60);
        finish.SetResult();

        await redis.Until(async state =>
            !(await state.Keys()).Any(key => key.StartsWith("mt:working", StringComparison.Ordinal))
        );
        Assert.Single(started.All);
    }

    Task<TestBus> Start(RedisDatabase redis, FakeClock clock, Action<IReceiveEndpointConfigurator> configure) =>
        TestBus.Start(
            redis,
            output,
            x => x.AddSingleton<TimeProvider>(clock),
            (_, cfg) => cfg.ReceiveEndpoint("orders", configure)
        );

    // Time passes, five seconds after five seconds, as loops look and sleep again.
    static Task Pass(FakeClock clock, Func<bool> until) =>
        Until(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            return until();
        });

    // The working hash of the one process with this database.
    static async Task<string> Working(RedisDatabase redis)
    {
        await redis.Until(async state => await state.Db.SetLengthAsync("mt:owners") > 0);
        var owner = ((string)(await redis.Db.SetMembersAsync("mt:owners"))[0]!).Split('|');
        return $"mt:working:{owner[0]}:{owner[1]}";
    }
}
