using System.Reflection;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Redis;

public class RedisErrorsTests
{
    [Fact]
    public async Task Key_of_another_type_is_a_refusal_that_names_the_key_and_the_way_out()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.Db.StringSetAsync("queue:orders", "no list");

        var refused = await Assert.ThrowsAsync<SidekiqRedisException>(() => steps.Jobs.Push("orders", "{}".Bytes()));

        Assert.Contains("push on queue:orders", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Remove or rename the key", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Full_memory_may_pass_and_the_way_out_is_told()
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { Lines = ["maxmemory 1"] });
        await using var steps = RedisSteps.On(server);

        var pushed = await Assert.ThrowsAsync<ConnectionException>(() => steps.Jobs.Push("orders", "{}".Bytes()));
        var published = await Assert.ThrowsAsync<ConnectionException>(() =>
            steps.Topics.Publish(
                new PublishRequest
                {
                    Entities = ["Shop:Ordered"],
                    Static = [("orders", "A")],
                    Class = "A",
                    MessageId = Guid.Empty,
                    Template = new JobTemplate([], [], []),
                }
            )
        );

        Assert.All([pushed, published], full => Assert.True(full.IsTransient));
        Assert.All([pushed, published], full => Assert.Contains("maxmemory", full.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Missing_permission_is_a_refusal()
    {
        await using var server = await RedisServer.StartOwn(
            new RedisServerOptions { Users = ["default on nopass ~* +@all -lpush -zadd"] }
        );
        await using var steps = RedisSteps.On(server);
        await steps.Alive("orders");
        await steps.Redis.Db.ListRightPushAsync("queue:orders", "job");
        await steps.Claim(1, "orders");
        var before = await steps.Redis.Snapshot();

        var plain = await Assert.ThrowsAsync<SidekiqRedisException>(() => steps.Jobs.Push("orders", "{}".Bytes()));
        var scripted = await Assert.ThrowsAsync<SidekiqRedisException>(() =>
            steps.Claims.Retry(new Delivery("orders", 1), "{}".Bytes(), RedisSteps.Now)
        );

        Assert.All(
            [plain, scripted],
            refused => Assert.Contains("permission", refused.Message, StringComparison.Ordinal)
        );
        Assert.Equal(["job"], await steps.Working("orders"));
    }

    [Fact]
    public async Task Replica_may_become_the_primary_again_so_its_refusal_passes()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await steps.Connection.Connected(TestContext.Current.CancellationToken);
        await steps.Redis.Db.ExecuteAsync("REPLICAOF", "127.0.0.1", "1");

        var refused = await Assert.ThrowsAsync<ConnectionException>(() => steps.Jobs.Push("orders", "{}".Bytes()));

        Assert.True(refused.IsTransient);
        Assert.Contains("READONLY", refused.Message, StringComparison.Ordinal);
        await steps.Redis.Db.ExecuteAsync("REPLICAOF", "NO", "ONE");
        await steps.Connection.Connected(TestContext.Current.CancellationToken).InTime();
        await steps.Jobs.Push("orders", "{}".Bytes());
    }

    [Fact]
    public async Task Multiplexer_of_the_users_own_is_used_again_when_its_server_is_the_primary_again()
    {
        await using var server = await RedisServer.StartOwn();
        using var own = await server.Connect();
        await using var steps = RedisSteps.On(
            server,
            new RedisSettings { Connection = own, Options = RedisOptions.Of(own) }
        );
        await steps.Jobs.Push("orders", "{}".Bytes());
        await steps.Redis.Db.ExecuteAsync("REPLICAOF", "127.0.0.1", "1");

        await Assert.ThrowsAsync<ConnectionException>(() => steps.Jobs.Push("orders", "{}".Bytes()));
        await Until(() => steps.Connection.Outage is not null);
        await steps.Redis.Db.ExecuteAsync("REPLICAOF", "NO", "ONE");

        await Until(() => steps.Connection.Outage is null);
        await steps.Jobs.Push("orders", "{}".Bytes());
        await Until(() => steps.Log.Lines.Length == 2);
    }

    [Theory]
    [InlineData("READONLY You can't write against a read only replica.", "READONLY")]
    [InlineData("LOADING Redis is loading the dataset in memory", "LOADING")]
    [InlineData("NOREPLICAS Not enough good replicas to write.", "NOREPLICAS")]
    [InlineData("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "MASTERDOWN")]
    [InlineData("TRYAGAIN Multiple keys request during rehashing of slot", "TRYAGAIN")]
    [InlineData("BUSY Redis is busy running a script.", "BUSY")]
    [InlineData("UNBLOCKED force unblock from blocking operation", "UNBLOCKED")]
    [InlineData("ERR Error running script (call to f_1): @user_script:7: -READONLY You can't write.", "READONLY")]
    [InlineData("ERR Error running script (call to f_1): @user_script: 7: NOREPLICAS Not enough.", "NOREPLICAS")]
    public void Refusal_that_waiting_cures_is_transient(string message, string code)
    {
        var lost = Assert.IsType<ConnectionException>(Translate(message));

        Assert.True(lost.IsTransient);
        Assert.Contains(code, lost.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("WRONGTYPE Operation against a key holding the wrong kind of value script: 1, on @user_script:7.")]
    [InlineData("ERR Error running script (call to f_1): @user_script:7: WRONGTYPE Operation against a key")]
    [InlineData("NOPERM this user has no permissions to run the 'lpush' command")]
    [InlineData("ERR The user executing the script can't run this command or subcommand script: 1, on @user_script:7.")]
    [InlineData("ERR ACL failure in script: User default has no permissions to run the 'zadd' command")]
    [InlineData("NOAUTH Authentication required.")]
    [InlineData("WRONGPASS invalid username-password pair or user is disabled.")]
    [InlineData("ERR unknown command 'SMISMEMBER'")]
    public void Refusal_that_waiting_does_not_cure_is_for_a_person(string message)
    {
        var refused = Assert.IsType<SidekiqRedisException>(Translate(message));

        Assert.StartsWith(
            "Redis at redis-1:6379 refused claim on queue:orders: ",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.IsType<RedisServerException>(refused.InnerException);
    }

    [Theory]
    [InlineData("OOM command not allowed when used memory > 'maxmemory'.")]
    [InlineData(
        "ERR Error running script (call to f_1): @user_script: 7: -OOM command not allowed when used memory > 'maxmemory'."
    )]
    public void Full_memory_has_words_of_its_own(string message)
    {
        var full = Assert.IsType<ConnectionException>(Translate(message));

        Assert.True(full.IsTransient);
        Assert.Contains("noeviction", full.Message, StringComparison.Ordinal);
    }

    static Exception Translate(string message) =>
        RedisErrors.Translate(ServerSays(message), "claim on queue:orders", "redis-1:6379");

    // Only the library itself makes these.
    static RedisServerException ServerSays(string message) =>
        (RedisServerException)
            Activator.CreateInstance(
                typeof(RedisServerException),
                BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public,
                binder: null,
                [message],
                culture: null
            )!;
}
