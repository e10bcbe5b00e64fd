using System.Globalization;
using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

/// <summary>A process is killed here by closing its connections: that is all Redis sees of it.</summary>
public sealed class DeathWatchTests : IAsyncLifetime
{
    static readonly TimeSpan lease = TimeSpan.FromSeconds(15);
    static readonly TimeSpan grace = TimeSpan.FromSeconds(2);
    static readonly TimeSpan moment = TimeSpan.FromMilliseconds(1);

    readonly FakeClock clock = new();
    readonly Fleet fleet = new(new Random(1));
    readonly ListLogger log = new();
    RedisSteps steps = null!;
    DeathWatch watch = null!;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        steps = await RedisSteps.Open();
        watch = await Watch(steps);
    }

    public ValueTask DisposeAsync() => steps.DisposeAsync();

    [Fact]
    public async Task Killed_process_is_dead_two_seconds_after_its_connections_have_closed()
    {
        var victim = await Other();
        Assert.False(await watch.EndLeases());
        await victim.Kill();
        Assert.False(await watch.EndLeases());

        await Pass(victim, grace - moment);
        Assert.False(await watch.EndLeases());
        Assert.True(await steps.Redis.Db.KeyExistsAsync(victim.Keys.Alive));

        await Pass(victim, moment);
        Assert.True(await watch.EndLeases());
        Assert.False(await steps.Redis.Db.KeyExistsAsync(victim.Keys.Alive));
        Assert.Equal([new Orphan("host:2:b", "orders")], await watch.Look());
    }

    [Fact]
    public async Task Process_that_reconnects_names_its_new_connection_and_lives()
    {
        var process = await Other();
        var back = new TaskCompletionSource();
        process.Connection.Back += (_, _) => back.TrySetResult();
        await Disconnect(process);
        Assert.False(await watch.EndLeases());

        await back.Task.InTime();
        await process.Leases.Renew(lease);
        Assert.False(await watch.EndLeases());
        await Pass(process, grace);

        Assert.False(await watch.EndLeases());
        Assert.True(await process.Leases.Renew(lease));
    }

    // Behind a proxy the connection that Redis sees is not the process's own.
    [Fact]
    public async Task Process_that_renews_its_lease_lives_whatever_connection_it_names()
    {
        var process = await Other();
        await steps.Redis.Db.StringSetAsync(process.Keys.Alive, "connections 999999", lease);
        await watch.Look();
        Assert.False(await watch.EndLeases());
        await Pass(process, grace);
        await steps.Redis.Db.KeyExpireAsync(process.Keys.Alive, lease);

        Assert.False(await watch.EndLeases());
        Assert.True(await steps.Redis.Db.KeyExistsAsync(process.Keys.Alive));

        await Pass(process, grace);
        Assert.True(await watch.EndLeases());
    }

    [Fact]
    public async Task Process_lives_as_long_as_any_of_its_connections_is_open()
    {
        var process = await Other();
        var another = steps.Connection.Ids.ToString();
        await steps.Redis.Db.StringSetAsync(process.Keys.Alive, $"connections 999999 {another}", lease);
        await watch.Look();
        Assert.False(await watch.EndLeases());
        await Pass(process, grace);

        Assert.False(await watch.EndLeases());
        await Pass(process, grace);
        Assert.False(await watch.EndLeases());
    }

    // The second is how earlier versions write it.
    [Theory]
    [InlineData("")]
    [InlineData("1")]
    public async Task Lease_that_names_no_connection_ends_by_its_time_alone(string text)
    {
        var process = await Other();
        await steps.Redis.Db.StringSetAsync(process.Keys.Alive, text, lease);
        await watch.Look();
        Assert.False(await watch.EndLeases());
        await Pass(process, grace);

        Assert.False(await watch.EndLeases());
    }

    [Fact]
    public async Task One_process_watches_until_its_connection_closes_and_then_another_at_once()
    {
        var first = await Other();
        await steps.Redis.Db.KeyDeleteAsync(steps.Keys.Rescuer);
        var watching = new DeathWatch(first.Watch, fleet, lease, clock, log);
        Assert.True(await watching.Take());
        Assert.False(await Renewed(watch).Take());
        Assert.False(await watch.Take());

        await first.Kill();

        Assert.True(await watch.Take());
        Assert.Equal($"host:1:a {steps.Connection.Ids}", await steps.Redis.Db.StringGetAsync("mt:rescuer"));
    }

    // A frozen process keeps its connections.
    [Fact]
    public async Task Watch_of_a_process_that_no_longer_takes_it_ends_by_itself()
    {
        Assert.InRange((await steps.Redis.Db.KeyTimeToLiveAsync("mt:rescuer"))!.Value, lease / 3, lease / 2);
        var other = new DeathWatch((await Other()).Watch, fleet, lease, clock, log);
        Assert.False(await other.Take());

        await steps.Redis.Db.KeyDeleteAsync("mt:rescuer");
        Assert.False(await other.Take());
        clock.Advance(lease / 3);
        Assert.True(await other.Take());
    }

    [Fact]
    public async Task Process_that_is_alone_asks_no_more_often_than_three_times_in_a_lease()
    {
        Assert.Equal(lease / 3, watch.Interval);
        await Other();
        await watch.Look();
        Assert.Equal(TimeSpan.FromSeconds(0.5), watch.Interval);
    }

    [Fact]
    public async Task Of_others_it_asks_one_command_twice_a_second_and_they_one_a_second()
    {
        await using var server = await RedisServer.StartOwn();
        await using var first = RedisSteps.On(server);
        var second = first.Another();
        await Task.WhenAll(first.Connection.Working.Ping(Stop), second.Connection.Working.Ping(Stop));
        await first.Alive("orders");
        await second.Alive("orders");
        var (watching, following) = (await Watch(first), new DeathWatch(second.Watch, fleet, lease, clock, log));
        Assert.False(await following.Take());
        Assert.Equal(TimeSpan.FromSeconds(1), following.Interval);
        var before = (await server.Calls()).Values.Sum();

        Assert.True(await watching.Take());
        Assert.False(await watching.EndLeases());
        Assert.False(await following.Take());

        // One of them is the question itself.
        Assert.Equal(2, (await server.Calls()).Values.Sum() - before - 1);
        Assert.Equal(2, await server.Calls("client|list"));
    }

    [Fact]
    public async Task Where_Redis_does_not_tell_leases_end_by_their_time_and_it_is_said_once()
    {
        await using var server = await RedisServer.StartOwn();
        var admin = server.Open();
        await admin.Db.ExecuteAsync("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-client|list");
        await using var steps = RedisSteps.On(
            server,
            RedisSteps.SettingsFor(admin).Set(options => (options.User, options.Password) = ("app", "secret"))
        );
        var victim = new RedisKeys("", "host:2:b");
        await admin.Db.SetAddAsync("mt:owners", "host:2:b|orders");
        await admin.Db.StringSetAsync(victim.Alive, "connections 999999", lease);
        var blind = await Watch(steps);

        Assert.False(await blind.EndLeases());
        Assert.False(await blind.EndLeases());

        Assert.Equal(lease / 3, blind.Interval);
        Assert.Contains("CLIENT LIST", Assert.Single(log.Lines), StringComparison.Ordinal);
        Assert.Empty(await blind.Look());
        await admin.Db.KeyDeleteAsync(victim.Alive);
        Assert.Single(await blind.Look());
    }

    [Fact]
    public async Task Process_that_is_not_told_asks_again_after_a_minute_and_leaves_the_watch_to_one_that_is()
    {
        await using var server = await RedisServer.StartOwn();
        var admin = server.Open();
        await admin.Db.ExecuteAsync("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-client|list");
        await using var steps = RedisSteps.On(
            server,
            RedisSteps.SettingsFor(admin).Set(options => (options.User, options.Password) = ("app", "secret"))
        );
        await using var others = RedisSteps.On(server);
        var told = others.Another();
        await told.Connection.Working.Ping(Stop);
        await told.Alive("orders");
        var blind = await Watch(steps);
        Assert.False(await blind.EndLeases());
        clock.Advance(lease / 3);
        Assert.True(await blind.Take());
        Assert.Equal("host:1:a ", await admin.Db.StringGetAsync("mt:rescuer"));

        var sees = new DeathWatch(told.Watch, fleet, lease, clock, new ListLogger());
        Assert.False(await sees.Take());
        Assert.True(await sees.Take());
        clock.Advance(lease / 3);
        Assert.False(await blind.Take());

        await admin.Db.ExecuteAsync("ACL", "SETUSER", "app", "+client|list");
        clock.Advance(lease * 4);
        Assert.False(await blind.Take());
        Assert.Equal(lease / 15, blind.Interval);
        Assert.Equal(2, log.Lines.Length);
        Assert.Contains("again", log.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_among_a_hundred_asks_for_the_watcher_every_five_seconds()
    {
        fleet.Processes = 100;
        var other = new DeathWatch((await Other()).Watch, fleet, lease, clock, log);
        Assert.False(await other.Take());

        Assert.InRange(other.Interval, TimeSpan.FromSeconds(3.75), TimeSpan.FromSeconds(6.25));
        Assert.Equal(TimeSpan.FromSeconds(0.5), watch.Interval);
    }

    // One that watches and has looked.
    async Task<DeathWatch> Watch(RedisSteps process)
    {
        await process.Connection.Working.Ping(Stop);
        var watching = new DeathWatch(process.Watch, fleet, lease, clock, log);
        Assert.True(await watching.Take());
        await watching.Look();
        return watching;
    }

    // The same process, when it is about to ask again.
    DeathWatch Renewed(DeathWatch asked)
    {
        clock.Advance(lease / 10);
        return asked;
    }

    // Another process that the watcher knows.
    async Task<RedisSteps> Other()
    {
        var other = steps.Another();
        await other.Connection.Working.Ping(Stop);
        other.Leases.Own("orders");
        await other.Leases.Renew(lease);
        await watch.Look();
        return other;
    }

    // Time passes here and, for this lease, in Redis.
    async Task Pass(RedisSteps process, TimeSpan time)
    {
        clock.Advance(time);
        var left = await steps.Redis.Db.KeyTimeToLiveAsync(process.Keys.Alive);
        await steps.Redis.Db.KeyExpireAsync(process.Keys.Alive, left - time);
    }

    Task Disconnect(RedisSteps process) =>
        steps.Redis.Db.ExecuteAsync(
            "CLIENT",
            "KILL",
            "ID",
            long.Parse(process.Connection.Ids.ToString(), CultureInfo.InvariantCulture)
        );
}
