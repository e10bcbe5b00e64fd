using System.Diagnostics;

namespace MassTransit.Sidekiq.Tests;

/// <summary>A bus under load while real sentinels replace its primary, by its death or by plan.</summary>
public sealed class FailoverTests(ITestOutputHelper output)
{
    // What a bus may need after the sentinels have agreed: two seconds on a machine of its own, and tests share theirs.
    static readonly TimeSpan grace = TimeSpan.FromSeconds(6);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_acknowledged_is_lost_when_the_primary_is_killed_and_its_replica_takes_over(bool sentinel)
    {
        await using var redis = await RedisReplication.Start();
        using var load = new NumberedLoad();
        await using var bus = await Start(redis, load, sentinel);
        await load.Acknowledged(200);

        await redis.KillPrimary();
        var promoted = await redis.WaitForNewPrimary();
        var named = Stopwatch.GetTimestamp();
        await load.Acknowledged(50);
        var behind = Stopwatch.GetElapsedTime(named);
        await load.Acknowledged(200);

        var result = await load.Finish(promoted.Open());
        output.WriteLine($"{result}\nsent again {behind.TotalSeconds:F1} s after the sentinels named it");
        Assert.Empty(result.Lost);
        Assert.Empty(result.Left);
        Assert.True(behind < grace, $"{behind}");
        AssertOneOutage(bus);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Old_primary_that_comes_back_as_a_primary_is_not_written_to(bool sentinel)
    {
        await using var redis = await RedisReplication.Start(
            new RedisReplicationOptions { Servers = new RedisServerOptions { AppendOnly = true } }
        );
        using var load = new NumberedLoad();
        await using var bus = await Start(redis, load, sentinel);
        await load.Acknowledged(200);

        await redis.HoldDemotion();
        var old = await redis.KillPrimary();
        var promoted = await redis.WaitForNewPrimary();
        await redis.Restart(old, asPrimary: true);
        var back = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(back) < TimeSpan.FromSeconds(10))
        {
            await load.Acknowledged(50);
        }

        await redis.Demote(old);
        await load.Acknowledged(50);

        var result = await load.Finish(promoted.Open());
        output.WriteLine(result.ToString());
        Assert.Empty(result.Lost);
        Assert.Empty(result.Left);
        AssertOneOutage(bus);
    }

    [Fact]
    public async Task Primary_that_is_back_before_its_replica_is_promoted_loses_no_more_than_Redis_did()
    {
        await using var redis = await RedisReplication.Start(
            new RedisReplicationOptions { Servers = new RedisServerOptions { AppendOnly = true } }
        );
        using var load = new NumberedLoad();
        await using var bus = await Start(redis, load, sentinel: true);
        await load.Acknowledged(200);

        var old = await redis.KillPrimary();
        await redis.Restart(old, asPrimary: true);
        await load.Acknowledged(200);

        // Whether the sentinels had agreed by then is their affair.
        var result = await load.Finish(await Primary(redis));
        output.WriteLine(result.ToString());
        Assert.Empty(result.Lost);
        Assert.Empty(result.Left);
    }

    [Fact]
    public async Task Planned_failover_loses_nothing_that_a_replica_confirmed()
    {
        await using var redis = await RedisReplication.Start();
        using var load = new NumberedLoad();
        await using var bus = await Start(redis, load, sentinel: true, replicas: 1);
        await load.Acknowledged(100);

        await redis.PlannedFailover();
        var promoted = await redis.WaitForNewPrimary();
        await load.Acknowledged(100);

        var result = await load.Finish(promoted.Open());
        output.WriteLine(result.ToString());
        Assert.Empty(result.Lost);
        Assert.Empty(result.Left);
    }

    [Fact]
    public async Task Send_that_no_replica_confirms_fails_and_says_so()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.Host(redis.Url, host => host.Replicas = 1)
        );

        var unconfirmed = await Assert.ThrowsAsync<ConnectionException>(() =>
            bus.Send("orders", new SubmitOrder(1)).InTime()
        );

        Assert.False(unconfirmed.IsTransient);
        Assert.Contains("only 0 of 1 replicas confirmed it", unconfirmed.Message, StringComparison.Ordinal);
        Assert.Single(await redis.Queue("orders"));
    }

    async Task<TestBus> Start(RedisReplication redis, NumberedLoad load, bool sentinel, int replicas = 0)
    {
        var bus = await TestBus.Start(
            redis.Primary.Open(),
            output,
            load.Register,
            (_, cfg) =>
                cfg.Host(
                    sentinel ? redis.SentinelConnectionString : redis.ConnectionString,
                    host => host.Replicas = replicas
                )
        );
        load.Start(bus.Harness.Bus);
        return bus;
    }

    static async Task<RedisDatabase> Primary(RedisReplication redis)
    {
        var port = await redis.Sentinels[0].PrimaryPort();
        return redis.Servers.Single(server => server.Port == port).Open();
    }

    static void AssertOneOutage(TestBus bus)
    {
        Assert.Single(bus.Log, line => line.Contains("Redis lost at", StringComparison.Ordinal));
        Assert.Single(bus.Log, line => line.Contains("Redis back at", StringComparison.Ordinal));
    }
}
