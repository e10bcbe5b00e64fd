using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Assumptions;

/// <summary>
/// What real sentinels do with a primary that is killed, replaced, or back. A replica takes writes 0.2 to 0.5 s after the time
/// that they wait for an answer has passed; they name it to clients 0.8 to 1 s later, when they have seen that it does.
/// </summary>
public class SentinelTests
{
    [Fact]
    public async Task Replica_takes_over_from_a_primary_that_was_killed_with_its_history()
    {
        await using var redis = await RedisReplication.Start();
        await redis.Primary.Open().Db.StringSetAsync("written", "before");
        await redis.WaitForReplicas();
        var before = (await ReplicationState.Of(redis.Primary))!;

        var killed = await redis.KillPrimary();
        var promoted = await redis.WaitForNewPrimary();

        Assert.NotEqual(killed, promoted);
        Assert.Equal("before", (string?)await promoted.Open().Db.StringGetAsync("written"));
        var after = (await ReplicationState.Of(promoted))!;
        Assert.NotEqual(before.Id, after.Id);
        Assert.Equal(before.Id, after.FormerId);
        Assert.True(after.FormerEnd > before.Offset);
    }

    [Fact]
    public async Task Sentinel_that_leads_a_failover_names_the_new_primary_to_clients_before_it_lists_it()
    {
        await using var redis = await RedisReplication.Start();
        var old = redis.Primary.Port;

        await redis.KillPrimary();
        var seen = await Watch(redis);

        // Each sentinel misses the primary by itself, and one that is elected replaces it.
        Assert.All(seen, views => Assert.Contains(views, view => view.Flags.Contains("s_down")));
        var leader = Assert.Single(seen, views => views.Any(view => view.Listed == old && view.Epoch > 0));
        Assert.Contains(leader, view => view.Flags.Contains("o_down") && view.Flags.Contains("failover_in_progress"));
        // For a second the leader lists the dead primary with the epoch of the living one, which it names already.
        Assert.All(
            leader.Where(view => view.Listed == old && view.Epoch > 0),
            view => Assert.NotEqual(old, view.Named)
        );
        // To the others, address and epoch come together.
        Assert.All(
            seen.Except([leader]),
            views => Assert.All(views, view => Assert.Equal(view.Listed != old, view.Epoch > 0))
        );
    }

    [Fact]
    public async Task Sentinels_publish_which_primary_took_over_from_which()
    {
        await using var redis = await RedisReplication.Start();
        var old = redis.Primary;
        var channel = new RedisChannel("+switch-master", RedisChannel.PatternMode.Literal);
        var published = redis.Sentinels.Select(_ => new Seen<string>()).ToArray();
        var connections = await Task.WhenAll(redis.Sentinels.Select(sentinel => sentinel.Connect()));
        foreach (var (connection, seen) in connections.Zip(published))
        {
            await connection.GetSubscriber().SubscribeAsync(channel, (_, text) => seen.Add((string)text!));
        }

        await redis.PlannedFailover();
        var promoted = await redis.WaitForNewPrimary();

        foreach (var seen in published)
        {
            Assert.Equal($"mymaster 127.0.0.1 {old.Port} 127.0.0.1 {promoted.Port}", await seen.Next());
        }

        foreach (var connection in connections)
        {
            connection.Dispose();
        }
    }

    [Fact]
    public async Task Primary_that_a_planned_failover_replaced_takes_writes_until_it_is_demoted_and_they_are_lost()
    {
        await using var redis = await RedisReplication.Start();
        await redis.HoldDemotion();
        var old = redis.Primary;

        await redis.PlannedFailover();
        await redis.WaitForNewPrimary();

        Assert.True(await old.Open().Db.StringSetAsync("written", "too late"));
        Assert.True((await ReplicationState.Of(old))!.IsPrimary);
        await redis.Demote(old);
        Assert.False(await old.Open().Db.KeyExistsAsync("written"));
    }

    [Fact]
    public async Task Primary_that_is_back_before_it_is_missed_stays_primary_and_its_replicas_lose_what_it_lost()
    {
        var patient = new RedisReplicationOptions { DownAfter = TimeSpan.FromSeconds(5) };
        await using var redis = await RedisReplication.Start(patient);
        await redis.Primary.Open().Db.StringSetAsync("written", "before");
        await redis.WaitForReplicas();

        var primary = await redis.KillPrimary();
        await redis.Restart(primary, asPrimary: true);
        await redis.WaitForReplicas();
        await redis.WaitForSentinels();

        Assert.True((await ReplicationState.Of(primary))!.IsPrimary);
        Assert.All(
            await Task.WhenAll(redis.Sentinels.Select(each => each.Primary())),
            view => Assert.Equal("0", view["config-epoch"])
        );
        foreach (var server in redis.Servers)
        {
            Assert.False(await server.Open().Db.KeyExistsAsync("written"));
        }
    }

    [Fact]
    public async Task Replica_of_the_lowest_priority_takes_over_also_where_servers_and_sentinels_ask_for_passwords()
    {
        var options = new RedisReplicationOptions
        {
            Priorities = [0, 100, 10],
            Servers = new RedisServerOptions { Password = "of-the-servers" },
            SentinelPassword = "of-the-sentinels",
        };
        await using var redis = await RedisReplication.Start(options);

        await redis.PlannedFailover();

        Assert.Equal(redis.Servers[3], await redis.WaitForNewPrimary());
    }

    [Fact]
    public async Task Sentinel_that_was_frozen_during_a_failover_names_the_new_primary_soon_after_it_goes_on()
    {
        await using var redis = await RedisReplication.Start();
        var frozen = redis.Sentinels[0];
        frozen.Pause();
        await redis.PlannedFailover();
        var promoted = await redis.WaitForNewPrimary();

        frozen.Resume();

        await Until(async () => await frozen.PrimaryPort() == promoted.Port);
    }

    // What each sentinel shows, one view after the other, until it lists another primary.
    static Task<List<View>[]> Watch(RedisReplication redis) =>
        Task.WhenAll(
            redis.Sentinels.Select(async sentinel =>
            {
                var views = new List<View>();
                await Until(async () =>
                {
                    var primary = await sentinel.Primary();
                    views.Add(
                        new View(
                            Number(primary["port"]),
                            await sentinel.PrimaryPort(),
                            Number(primary["config-epoch"]),
                            primary["flags"].Split(',')
                        )
                    );
                    return views[^1].Listed != redis.Primary.Port;
                });
                return views;
            })
        );

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    sealed record View(int Listed, int Named, int Epoch, string[] Flags);
}
