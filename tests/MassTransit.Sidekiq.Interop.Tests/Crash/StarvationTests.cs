using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Interop.Tests.Crash;

/// <summary>Consumers that block their threads: a process that is busy is not a dead one.</summary>
[Collection(nameof(Alone))]
public sealed class StarvationTests(ITestOutputHelper output)
{
    const int Consumers = 64;

    // Longer than a lease: whoever cannot renew it for so long is taken for dead.
    static readonly TimeSpan lease = TimeSpan.FromSeconds(6);
    static readonly TimeSpan blocked = TimeSpan.FromSeconds(9);

    [Fact]
    public async Task Lease_outlives_consumers_that_block_every_thread_of_two_cores()
    {
        await using var redis = await RedisServer.Lease();
        await using var fleet = new Fleet(redis, lease);
        // Rescues the jobs of a process whose lease has ended.
        await using var bystander = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Host(redis.Url, host => ((SidekiqHostSettings)host).Lease = lease);
                cfg.ReceiveEndpoint("elsewhere", e => e.Handler<Shop.OrderPaid>(_ => Task.CompletedTask));
            }
        );
        await fleet.Prepare(1);
        await fleet.Employ(1);
        var worker = fleet.Working[0];

        await redis.Db.ListLeftPushAsync("queue:blocking", [.. Enumerable.Range(0, Consumers).Select(Job)]);
        // The first ends after as long as each takes, the others soon after.
        await redis.Until(async state => await state.Db.HashLengthAsync("ledger") > 0);
        await redis.Until(async state => await state.Db.HashLengthAsync("ledger") == Consumers);

        var runs = await redis.Db.HashGetAllAsync("ledger");
        Assert.All(runs, run => Assert.Equal(1, (int)run.Value));
        await redis.Until(async state => !(await state.Keys()).Any(IsClaim));
        Assert.Single(
            worker.Lines,
            line => line.Contains("Thread pool starvation: work waits", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(worker.Lines, line => line.Contains("no longer claimed", StringComparison.Ordinal));
        Assert.DoesNotContain(worker.Lines, line => line.Contains("Redis lost at", StringComparison.Ordinal));
    }

    static RedisValue Job(int number) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"retry":true,"queue":"blocking","args":[{"number":{{number}},"milliseconds":{{blocked.TotalMilliseconds}}}],"class":"BlockingJob","jid":"{{number:x24}}","created_at":1.5}"""
        );

    static bool IsClaim(string key) => key.StartsWith("mt:working:", StringComparison.Ordinal);
}
