using System.Diagnostics;
using System.Globalization;

namespace MassTransit.Sidekiq.Tests.Assumptions;

/// <summary>What a primary that comes back says of itself, and how long it stays one beside its successor.</summary>
public class RevivedPrimaryTests
{
    static readonly RedisReplicationOptions Alone = new() { Priorities = [100], Sentinels = 0 };

    [Fact]
    public async Task Stays_primary_for_more_than_eight_seconds_while_the_sentinels_name_its_successor()
    {
        var options = new RedisReplicationOptions { Servers = new RedisServerOptions { AppendOnly = true } };
        await using var redis = await RedisReplication.Start(options);
        await redis.Primary.Open().Db.StringSetAsync("written", "before");
        await redis.WaitForReplicas();
        var old = await redis.KillPrimary();
        var promoted = await redis.WaitForNewPrimary();

        await redis.Restart(old, asPrimary: true);
        var back = Stopwatch.GetTimestamp();
        Assert.Equal("before", (string?)await old.Open().Db.StringGetAsync("written"));
        await old.Open().Db.StringSetAsync("written", "too late");
        List<int> named = [];
        await Until(async () =>
        {
            named.AddRange(await Task.WhenAll(redis.Sentinels.Select(sentinel => sentinel.PrimaryPort())));
            return await ReplicationState.Of(old) is { IsPrimary: false };
        });

        Assert.True(Stopwatch.GetElapsedTime(back) > TimeSpan.FromSeconds(8), await redis.Dump());
        Assert.All(named, port => Assert.Equal(promoted.Port, port));
        var views = await Task.WhenAll(redis.Sentinels.Select(sentinel => sentinel.Primary()));
        Assert.All(views, view => Assert.True(int.Parse(view["config-epoch"], CultureInfo.InvariantCulture) > 0));
        await redis.WaitForReplicas();
        Assert.Equal("before", (string?)await old.Open().Db.StringGetAsync("written"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Has_another_history_and_no_former_one_after_a_crash(bool appendOnly)
    {
        var servers = new RedisServerOptions { AppendOnly = appendOnly };
        await using var redis = await RedisReplication.Start(Alone with { Servers = servers });
        var before = (await ReplicationState.Of(redis.Primary))!;

        var primary = await redis.KillPrimary();
        await redis.Restart(primary, asPrimary: true);

        var after = (await ReplicationState.Of(primary))!;
        Assert.NotEqual(before.Id, after.Id);
        Assert.Null(after.FormerId);
    }

    [Fact]
    public async Task Begins_yet_another_history_when_its_first_replica_comes()
    {
        await using var redis = await RedisReplication.Start(Alone);
        var replica = redis.Replicas[0];
        await replica.Stop();
        await redis.KillPrimary();
        await redis.Restart(redis.Primary, asPrimary: true);
        var without = (await ReplicationState.Of(redis.Primary))!;

        await redis.Restart(replica, asPrimary: false);
        await redis.WaitForReplicas();

        Assert.NotEqual(without.Id, (await ReplicationState.Of(redis.Primary))!.Id);
    }

    [Fact]
    public async Task Looks_like_a_promoted_replica_when_it_was_stopped_in_order_and_left_a_snapshot()
    {
        var servers = new RedisServerOptions { Lines = ["save 3600 1"] };
        await using var redis = await RedisReplication.Start(Alone with { Servers = servers });
        await redis.Primary.Open().Db.StringSetAsync("written", "before");
        var before = (await ReplicationState.Of(redis.Primary))!;
        await redis.Primary.Stop();
        var replica = redis.Replicas[0];
        await replica.Open().Db.ExecuteAsync("REPLICAOF", "NO", "ONE");

        await redis.Restart(redis.Primary, asPrimary: true);

        var revived = (await ReplicationState.Of(redis.Primary))!;
        var promoted = (await ReplicationState.Of(replica))!;
        Assert.NotEqual(promoted.Id, revived.Id);
        Assert.Equal((before.Id, before.Id), (revived.FormerId, promoted.FormerId));
        Assert.Equal(promoted.FormerEnd, revived.FormerEnd);
    }
}
