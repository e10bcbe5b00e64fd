using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Redis;

/// The connection that sends have beside the multiplexer, and how the two stand in for each other.
public sealed class SendLinkTests : IAsyncLifetime
{
    RedisServer server = null!;
    RedisSteps steps = null!;

    IDatabase Db => server.Open().Db;

    SendLink Link => steps.Connection.Sending;

    public async ValueTask InitializeAsync()
    {
        server = await RedisServer.StartOwn();
        steps = RedisSteps.On(server);
        await Direct();
    }

    public async ValueTask DisposeAsync()
    {
        await steps.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task First_send_takes_the_multiplexer_and_later_ones_a_connection_of_their_own()
    {
        await using var fresh = steps.Another();
        Assert.Null(fresh.Connection.Sending.Direct);

        await fresh.Jobs.Push("orders", "1".Bytes());
        await Direct(fresh);
        await fresh.Jobs.Push("orders", "2".Bytes());

        Assert.Equal(["1", "2"], await server.Open().Queue("orders"));
        Assert.Contains(
            await Clients(),
            client =>
                client.Contains("-send ", StringComparison.Ordinal)
                && client.Contains("cmd=lpush", StringComparison.Ordinal)
        );
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
    public async Task Connection_that_is_closed_by_the_server_is_replaced_without_a_failed_send()
    {
        var before = Link.Direct;
        await Db.ExecuteAsync("CLIENT", "KILL", "ID", await SendClient());
        await Until(() => before is { IsOpen: false });

        await Push(1);
        await Direct();
        await Push(2);

        Assert.NotSame(before, Link.Direct);
        Assert.Equal(["1", "2"], await server.Open().Queue("orders"));
        Assert.Empty(steps.Log.Lines);
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
        await Direct(impatient);

        server.Pause();
        var lost = await Assert.ThrowsAsync<ConnectionException>(() => impatient.Jobs.Push("a", "1".Bytes()).InTime());
        Assert.True(lost.IsTransient);

        server.Resume();
        await impatient.Connection.Connected(TestContext.Current.CancellationToken).InTime();
        await Until(() => impatient.Connection.Outage is null);
        await Direct(impatient);
        await impatient.Jobs.Push("a", "2".Bytes());

        Assert.Equal("2", (await server.Open().Queue("a"))[^1]);
    }

    [Fact]
    public async Task Forgotten_script_is_loaded_and_run_again()
    {
        await Db.StringSetAsync("mt:temporary:answers", "1", TimeSpan.FromMinutes(1));
        Assert.NotNull(Link.Direct);

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
        await Db.KeyDeleteAsync("queues");
        await Db.StringSetAsync("queues", "no set");

        var refused = await Assert.ThrowsAsync<SidekiqRedisException>(() => Push(1).InTime());

        Assert.Contains("push on queues", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["1"], await server.Open().Queue("orders"));
    }

    [Fact]
    public async Task Publish_that_is_refused_half_way_is_not_made_twice()
    {
        await Db.HashSetAsync("mt:topic:Shop:Ordered", "orders", "");
        await Db.KeyDeleteAsync("queues");
        await Db.StringSetAsync("queues", "no set");
        Assert.NotNull(Link.Direct);

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
    public async Task Sends_under_way_are_answered_when_another_connection_takes_over()
    {
        var before = Link.Direct!;
        server.Pause();
        Task[] pushes = [.. Enumerable.Range(0, 3).Select(number => steps.Jobs.Push($"queue{number}", "1".Bytes()))];
        steps.Connection.Emptied();
        var next = Push(1);
        server.Resume();

        await Task.WhenAll([.. pushes, next]).InTime();
        await Direct();
        Assert.NotSame(before, Link.Direct);
        await Until(() => !before.IsOpen);
    }

    [Fact]
    public async Task Server_that_became_a_replica_is_left_and_taken_again_as_primary()
    {
        await Db.ExecuteAsync("REPLICAOF", "127.0.0.1", "1");
        var refused = await Assert.ThrowsAsync<ConnectionException>(() => Push(1).InTime());
        Assert.Contains("READONLY", refused.Message, StringComparison.Ordinal);
        Assert.Null(Link.Direct);

        await Db.ExecuteAsync("REPLICAOF", "NO", "ONE");
        await Until(() => steps.Connection.Outage is null);
        await Direct();
        await Push(2);

        Assert.Equal(["2"], await server.Open().Queue("orders"));
    }

    [Fact]
    public async Task Several_servers_and_a_multiplexer_of_the_users_own_have_no_other_connection()
    {
        using var own = await server.Connect();
        (string, int)[] two = [("127.0.0.1", server.Port), ("localhost", server.Port)];
        foreach (
            var settings in new RedisSettings[]
            {
                new() { Endpoints = two },
                new() { Connection = own },
            }
        )
        {
            await using var other = RedisSteps.On(server, settings);
            await other.Jobs.Push("orders", "1".Bytes());

            Assert.Null(other.Connection.Sending.Direct);
            Assert.Single(await Clients(), client => client.Contains("-send ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Refused_connection_is_told_once_and_sends_take_the_multiplexer()
    {
        await using var narrow = await RedisServer.StartOwn();
        await using var other = RedisSteps.On(narrow);
        await other.Connection.Connected(TestContext.Current.CancellationToken);
        await narrow.Open().Db.ExecuteAsync("CONFIG", "SET", "maxclients", "1");

        await Until(async () =>
        {
            await other.Jobs.Push("orders", "0".Bytes());
            return other.Log.Lines.Length > 0;
        });

        Assert.StartsWith(
            "Sends have no connection of their own",
            Assert.Single(other.Log.Lines),
            StringComparison.Ordinal
        );
        await other.Jobs.Push("orders", "last".Bytes());
        Assert.Equal("last", (await narrow.Open().Queue("orders"))[^1]);
    }

    Task Push(int number) => steps.Jobs.Push("orders", $"{number}".Bytes());

    Task Direct() => Direct(steps);

    /// Sends until the connection is there.
    static Task Direct(RedisSteps sender) =>
        Until(async () =>
        {
            await sender.Jobs.Push("warm", "0".Bytes());
            return sender.Connection.Sending.Direct is not null;
        });

    async Task<string[]> Clients() => (await server.Clients()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    async Task<string> SendClient() =>
        (await Clients()).Single(client => client.Contains("-send ", StringComparison.Ordinal)).Split(' ')[0][
            "id=".Length..
        ];
}
