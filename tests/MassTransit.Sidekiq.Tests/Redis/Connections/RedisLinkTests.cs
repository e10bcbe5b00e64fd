using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Redis;

// What a connection does when its server breaks, freezes, refuses or changes its role.
public sealed class RedisLinkTests : IAsyncLifetime
{
    RedisServer server = null!;
    RedisSteps steps = null!;

    IDatabase Db => server.Open().Db;

    public async ValueTask InitializeAsync()
    {
        server = await RedisServer.StartOwn();
        steps = RedisSteps.On(server);
        await steps.Connection.Connected(TestContext.Current.CancellationToken).InTime();
    }

    public async ValueTask DisposeAsync()
    {
        await steps.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Jobs_of_any_size_arrive_whole_from_many_senders_at_once()
    {
        string[] jobs =
        [
            .. Enumerable.Range(0, 40).Select(number => new string((char)('a' + (number % 26)), number * 50_000)),
        ];

        await Task.WhenAll(jobs.Select((job, number) => steps.Jobs.Push($"queue{number % 7}", job.Bytes()))).InTime();

        var arrived = new List<string>();
        for (var queue = 0; queue < 7; queue++)
        {
            arrived.AddRange(await server.Open().Queue($"queue{queue}"));
        }

        Assert.Equal(jobs.Order(StringComparer.Ordinal), arrived.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_under_way_when_the_connection_breaks_fails_and_may_be_sent_again()
    {
        server.Pause();
        Task[] pushes = [.. Enumerable.Range(0, 3).Select(number => steps.Jobs.Push($"queue{number}", "1".Bytes()))];
        await server.Kill();

        foreach (var push in pushes)
        {
            var lost = await Assert.ThrowsAsync<ConnectionException>(() => push.InTime());
            Assert.True(lost.IsTransient);
            Assert.Contains("did not answer push on queue:", lost.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Connection_that_the_server_closes_is_replaced_and_told_as_one_outage()
    {
        var client = (await server.Clients())
            .Split('\n')
            .First(line => line.Contains("name=masstransit", StringComparison.Ordinal));
        await Db.ExecuteAsync("CLIENT", "KILL", "ID", client.Split(' ')[0]["id=".Length..]);

        await Until(() => steps.Log.Lines.Length >= 2);
        await steps.Connection.Connected(TestContext.Current.CancellationToken).InTime();
        await Push(1);

        Assert.Equal(["1"], await server.Open().Queue("orders"));
        Assert.Contains("lost", steps.Log.Lines[0], StringComparison.Ordinal);
        Assert.Contains("back", steps.Log.Lines[1], StringComparison.Ordinal);
        Assert.Equal(2, steps.Log.Lines.Length);
    }

    [Fact]
    public async Task Silent_Redis_fails_sends_after_the_command_timeout_and_is_used_again_when_it_answers()
    {
        await using var impatient = RedisSteps.On(
            server,
            RedisSteps.SettingsFor(server.Open()) with
            {
                CommandTimeout = TimeSpan.FromSeconds(1),
            }
        );
        await impatient.Connection.Connected(TestContext.Current.CancellationToken).InTime();

        server.Pause();
        var lost = await Assert.ThrowsAsync<ConnectionException>(() => impatient.Jobs.Push("a", "1".Bytes()).InTime());
        Assert.True(lost.IsTransient);
        await Until(() => impatient.Connection.Outage is not null);

        server.Resume();
        await impatient.Connection.Connected(TestContext.Current.CancellationToken).InTime();
        await Until(() => impatient.Connection.Outage is null);
        await impatient.Jobs.Push("a", "2".Bytes());

        Assert.Equal("2", (await server.Open().Queue("a"))[^1]);
    }

    [Fact]
    public async Task Forgotten_script_is_loaded_and_run_again()
    {
        await Db.StringSetAsync("mt:temporary:answers", "1", TimeSpan.FromMinutes(1));

        await Db.ExecuteAsync("SCRIPT", "FLUSH");
        Assert.True(await steps.Jobs.PushTemporary("answers", "1".Bytes(), TimeSpan.FromMinutes(1)));

        Assert.Equal(["1"], await server.Open().Queue("answers"));
    }

    [Fact]
    public async Task Full_memory_is_told_as_such()
    {
        await Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        var full = await Assert.ThrowsAsync<ConnectionException>(() => Push(1).InTime());

        Assert.Contains("no memory left for push on queue:orders", full.Message, StringComparison.Ordinal);
        await Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await Push(2);
        Assert.Equal(["2"], await server.Open().Queue("orders"));
    }

    [Fact]
    public async Task Job_is_pushed_once_where_the_list_of_queues_is_of_another_type()
    {
        await Db.StringSetAsync("queues", "no set");

        var refused = await Assert.ThrowsAsync<SidekiqRedisException>(() => Push(1).InTime());

        Assert.Contains("push on queue:orders, queues", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["1"], await server.Open().Queue("orders"));
    }

    [Fact]
    public async Task Publish_that_is_refused_half_way_is_not_made_twice()
    {
        await Db.HashSetAsync("mt:topic:Shop:Ordered", "orders", "");
        await Db.StringSetAsync("queues", "no set");

        var request = new PublishRequest
        {
            Entities = ["Shop:Ordered"],
            Template = new JobTemplate("""{"queue":"""u8.ToArray(), ""","class":"""u8.ToArray(), "}"u8.ToArray()),
            Class = "Shop::Ordered",
            MessageId = Guid.NewGuid(),
        };
        var refused = await Assert.ThrowsAsync<SidekiqRedisException>(() => steps.Topics.Publish(request).InTime());

        Assert.Contains("refused publish", refused.Message, StringComparison.Ordinal);
        Assert.Single(await server.Open().Queue("orders"));
    }

    [Fact]
    public async Task Server_that_became_a_replica_is_left_and_taken_again_as_primary()
    {
        await Db.ExecuteAsync("REPLICAOF", "127.0.0.1", "1");
        var refused = await Assert.ThrowsAsync<ConnectionException>(() => Push(1).InTime());
        Assert.Contains("READONLY", refused.Message, StringComparison.Ordinal);

        await Db.ExecuteAsync("REPLICAOF", "NO", "ONE");
        await Until(() => steps.Connection.Outage is null);
        await Push(2);

        Assert.Equal(["2"], await server.Open().Queue("orders"));
    }

    [Fact]
    public async Task Bus_that_meets_a_replica_first_says_so_and_works_when_it_is_promoted()
    {
        await Db.ExecuteAsync("REPLICAOF", "127.0.0.1", "1");
        await using var late = steps.Another();
        await Assert.ThrowsAsync<ConnectionException>(() => late.Jobs.Push("orders", "1".Bytes()).InTime());
        Assert.Contains("replica", late.Connection.Outage, StringComparison.Ordinal);

        await Db.ExecuteAsync("REPLICAOF", "NO", "ONE");
        await Until(() => late.Connection.Outage is null);
        await late.Jobs.Push("orders", "2".Bytes());

        Assert.Equal(["2"], await server.Open().Queue("orders"));
    }

    [Fact]
    public async Task Redis_that_loads_its_data_set_is_lost_once_and_back_once()
    {
        // Keys enough to be loading for a while, at a limited speed.
        await using var slow = await RedisServer.StartOwn(
            new RedisServerOptions
            {
                AppendOnly = true,
                Lines = ["key-load-delay 200", "loading-process-events-interval-bytes 1024"],
            }
        );
        await slow.Open()
            .Db.ScriptEvaluateAsync("for i = 1, 5000 do redis.call('SET', 'key' .. i, string.rep('x', 100)) end");
        await using var sender = RedisSteps.On(slow);
        await sender.Connection.Connected(TestContext.Current.CancellationToken).InTime();

        await slow.Kill();
        await slow.Restart();

        await Until(() => sender.Connection.Outage is null);
        await sender.Jobs.Push("orders", "1".Bytes());
        Assert.Equal(2, sender.Log.Lines.Length);
    }

    Task Push(int number) => steps.Jobs.Push("orders", $"{number}".Bytes());
}
