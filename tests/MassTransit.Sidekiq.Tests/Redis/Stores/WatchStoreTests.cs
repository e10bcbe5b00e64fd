namespace MassTransit.Sidekiq.Tests.Redis;

/// <summary>What a refusal leaves; who watches and who is dead is for DeathWatchTests to show.</summary>
public sealed class WatchStoreTests
{
    static readonly TimeSpan life = TimeSpan.FromSeconds(7);
    static readonly TimeSpan twoMinutes = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Full_Redis_lets_a_dead_process_be_found_and_its_lease_be_ended()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await steps.Connection.Working.Ping(TestContext.Current.CancellationToken);
        var victim = await steps.Another().Alive("orders");
        await steps.Watch.Watch(life);
        await steps.Redis.Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        var watcher = await steps.Another("host:3:c").Watch.Watch(life);
        Assert.True(steps.Watch.IsOurs(watcher));
        Assert.True(steps.Watch.IsOurs(await steps.Another("host:3:c").Watch.Watch(life, "of another")));
        Assert.StartsWith(
            "host:3:c ",
            await steps.Another("host:3:c").Watch.Watch(life, watcher),
            StringComparison.Ordinal
        );

        var lease = Assert.Single((await steps.Watch.Look()).Leases, lease => lease.Identity == "host:2:b");
        Assert.True(await steps.Watch.End(lease, twoMinutes));
        Assert.False(await steps.Redis.Db.KeyExistsAsync(victim.Keys.Alive));
    }

    [Theory]
    [InlineData("-get")]
    [InlineData("-evalsha")]
    public async Task What_Redis_refuses_leaves_lease_and_watch_as_they_were(string right)
    {
        await using var server = await RedisServer.StartOwn();
        var admin = server.Open();
        await admin.Db.ExecuteAsync("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", right, "-del", "-set");
        await using var all = RedisSteps.On(server);
        var victim = await all.Another().Alive("orders");
        await all.Watch.Watch(life);
        await using var steps = RedisSteps.On(
            server,
            RedisSteps.SettingsFor(admin).Set(options => (options.User, options.Password) = ("app", "secret"))
        );
        var before = (await admin.Db.StringGetAsync(victim.Keys.Alive), await admin.Db.StringGetAsync("mt:rescuer"));
        var lease = new ProcessLease("host:2:b", before.Item1.ToString(), TimeSpan.Zero);

        await Assert.ThrowsAsync<SidekiqRedisException>(() => steps.Watch.End(lease, twoMinutes));
        await Assert.ThrowsAsync<SidekiqRedisException>(() => steps.Watch.Watch(life, before.Item2.ToString()));

        Assert.Equal(before.Item1, await admin.Db.StringGetAsync(victim.Keys.Alive));
        Assert.Equal(before.Item2, await admin.Db.StringGetAsync("mt:rescuer"));
    }

    [Fact]
    public async Task Replica_ends_no_lease_and_takes_no_watch()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        var victim = await steps.Another().Alive("orders");
        var lease = Assert.Single((await steps.Watch.Look()).Leases);
        await steps.Redis.Db.ExecuteAsync("REPLICAOF", "127.0.0.1", "1");

        await Assert.ThrowsAsync<ConnectionException>(() => steps.Watch.End(lease, twoMinutes));
        await Assert.ThrowsAsync<ConnectionException>(() => steps.Watch.Watch(life));

        await steps.Redis.Db.ExecuteAsync("REPLICAOF", "NO", "ONE");
        Assert.True(await steps.Redis.Db.KeyExistsAsync(victim.Keys.Alive));
        Assert.False(await steps.Redis.Db.KeyExistsAsync("mt:rescuer"));
    }
}
