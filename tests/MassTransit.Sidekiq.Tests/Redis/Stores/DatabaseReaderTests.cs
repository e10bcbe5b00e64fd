namespace MassTransit.Sidekiq.Tests.Redis;

// Each test has a server of its own: the shared one has queues in many databases.
public class DatabaseReaderTests
{
    [Fact]
    public async Task Other_databases_that_hold_queues_are_found_and_the_own_one_is_kept()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await server.Open(0).SeedQueue("default", "{}");
        await server.Open(11).SeedQueue("default", "{}");
        await server.Open(3).SeedQueue("default", "{}");
        await server.Open(4).Db.StringSetAsync("cache", "no queue");

        Assert.Equal([3, 11], await Reader(steps).OthersWithQueues());

        await steps.Jobs.Push("orders", "{}".Bytes());
        Assert.Equal(["default", "orders"], await server.Open(0).Queues());
        Assert.Equal(["default"], await server.Open(11).Queues());
    }

    [Fact]
    public async Task Queues_under_another_prefix_are_not_meant()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await server.Open(3).Db.SetAddAsync("staging:queues", "default");

        Assert.Empty(await Reader(steps).OthersWithQueues());
        Assert.Equal([3], await new DatabaseReader(steps.Connection, new RedisKeys("staging:", "")).OthersWithQueues());
    }

    [Theory]
    [InlineData("-info")]
    [InlineData("-select")]
    [InlineData("-evalsha -eval")]
    public async Task User_who_may_not_look_finds_nothing_and_no_error(string rights)
    {
        await using var server = await RedisServer.StartOwn(
            new RedisServerOptions { Users = [$"worker on >secret ~* &* +@all {rights}"] }
        );
        await server.Open(3).SeedQueue("default", "{}");
        var settings = RedisSteps
            .SettingsFor(server.Open())
            .Set(options => (options.User, options.Password) = ("worker", "secret"));
        await using var steps = RedisSteps.On(server, settings);

        Assert.Empty(await Reader(steps).OthersWithQueues());
    }

    [Fact]
    public async Task Looking_is_one_call_and_ends_after_sixteen_databases()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        foreach (var number in Enumerable.Range(1, 20))
        {
            await server.Open(number).SeedQueue("default", "{}");
        }

        await Reader(steps).OthersWithQueues();
        var before = await server.Calls("evalsha");
        Assert.Equal(16, (await Reader(steps).OthersWithQueues()).Count);
        Assert.Equal(before + 1, await server.Calls("evalsha"));
    }

    static DatabaseReader Reader(RedisSteps steps) => new(steps.Connection, steps.Keys);
}
