using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Redis;

public class RedisConnectionTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connects_to_a_Redis_that_is_there_without_a_word()
    {
        await using var steps = await RedisSteps.Open();
        Assert.False(steps.Connection.IsConnected);

        await steps.Connection.Connected(Stop).InTime();

        Assert.True(steps.Connection.IsConnected);
        Assert.Null(steps.Connection.Outage);
        Assert.Empty(steps.Log.Lines);
    }

    [Fact]
    public async Task Waits_for_a_Redis_that_is_not_there_yet()
    {
        await using var server = await RedisServer.StartOwn();
        await server.Kill();
        await using var steps = RedisSteps.On(server);

        var connected = steps.Connection.Connected(Stop);
        await Until(() => steps.Log.Lines.Length > 0);
        Assert.False(connected.IsCompleted);
        await server.Restart();

        await connected.InTime();
        await Until(() => steps.Log.Lines.Length == 2);
        Assert.StartsWith(
            $"Redis not reached at 127.0.0.1:{server.Port} since this process started: ",
            steps.Log.Lines[0],
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            $"Redis reached at 127.0.0.1:{server.Port} for the first time, after ",
            steps.Log.Lines[1],
            StringComparison.Ordinal
        );

        await server.Kill();
        await Until(() => steps.Log.Lines.Length == 3);
        Assert.StartsWith($"Redis lost at 127.0.0.1:{server.Port}: ", steps.Log.Lines[2], StringComparison.Ordinal);
        await server.Restart();
        await Until(() => steps.Log.Lines.Length == 4);
        Assert.StartsWith(
            $"Redis back at 127.0.0.1:{server.Port} after ",
            steps.Log.Lines[3],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Gives_up_waiting_when_told()
    {
        await using var server = await RedisServer.StartOwn();
        await server.Kill();
        await using var steps = RedisSteps.On(server);
        using var stop = new CancellationTokenSource();

        var connected = steps.Connection.Connected(stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connected.InTime());
    }

    [Theory]
    [InlineData("wrong secret")]
    [InlineData(null)]
    public async Task Wrong_password_is_told_at_once_and_not_repeated(string? password)
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { Password = "open-sesame" });
        await using var steps = RedisSteps.On(
            server,
            RedisSteps.SettingsFor(server.Open()).Set(options => options.Password = password)
        );

        var refused = await Assert.ThrowsAsync<ConnectionException>(() => steps.Connection.Connected(Stop).InTime());

        Assert.False(refused.IsTransient);
        Assert.Contains("password", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Right_password_is_accepted()
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { Password = "open-sesame" });
        await using var steps = RedisSteps.On(server);

        await steps.Connection.Connected(Stop).InTime();
        await steps.Jobs.Push("orders", "{}".Bytes());

        Assert.DoesNotContain("sesame", steps.Connection.Settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Named_user_logs_in_with_every_connection()
    {
        await using var server = await RedisServer.StartOwn(
            new RedisServerOptions { Users = ["alice on >open-sesame ~* &* +@all", "default off"], Password = null }
        );
        var settings = RedisSteps
            .SettingsFor(server.Open())
            .Set(options => (options.User, options.Password) = ("alice", "open-sesame"));
        await using var steps = RedisSteps.On(server, settings);
        await using var waiter = new QueueWaiter(steps.Connection, steps.Keys, steps.Claims, "orders");

        await steps.Connection.Connected(Stop).InTime();
        var waiting = waiter.Wait(Stop);
        await steps.Jobs.Push("orders", "{}".Bytes());

        Assert.Equal(WaitEnd.Landed, (await waiting.InTime()).End);
    }

    [Fact]
    public async Task Untrusted_certificate_is_not_taken_for_a_wrong_password()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var serving = ServeTls(listener);
        await using var server = await RedisServer.StartOwn();
        var settings = new RedisSettings
        {
            Options = new ConfigurationOptions { EndPoints = { { "127.0.0.1", port } }, Ssl = true },
        };
        await using var steps = RedisSteps.On(server, settings);
        await using var waiter = new QueueWaiter(steps.Connection, steps.Keys, steps.Claims, "orders");

        var refused = await Assert.ThrowsAsync<ConnectionException>(() => steps.Connection.Connected(Stop).InTime());
        Assert.Equal(WaitEnd.Refused, (await waiter.Wait(Stop).InTime()).End);

        Assert.False(refused.IsTransient);
        Assert.Contains("TLS certificate", refused.Message, StringComparison.Ordinal);
        Assert.Contains(steps.Log.Lines, line => line.StartsWith("Waiting on queue orders", StringComparison.Ordinal));
        listener.Stop();
        await serving;
    }

    [Theory]
    [InlineData("push")]
    [InlineData("bulk")]
    [InlineData("schedule")]
    [InlineData("publish")]
    [InlineData("connected")]
    public async Task Caller_that_blocks_after_an_answer_does_not_hold_up_the_next_one(string step)
    {
        await using var steps = await RedisSteps.Open();

        // Without xunit's own context, as in ASP.NET Core.
        var answered = await Task.Run(
            async () =>
            {
                await Call(steps, step);
                return steps.Jobs.Push("orders", "job".Bytes()).Wait(Eventually.Guard, Stop);
            },
            Stop
        );

        Assert.True(answered);
    }

    static Task Call(RedisSteps steps, string step) =>
        step switch
        {
            "push" => steps.Jobs.Push("orders", "job".Bytes()),
            "bulk" => steps.Jobs.PushBulk("orders", ["job".Bytes()]),
            "schedule" => steps.Jobs.Schedule("job".Bytes(), RedisSteps.Now),
            "publish" => steps.Topics.Subscribe(["topic"], "orders"),
            _ => steps.Connection.Connected(Stop),
        };

    [Fact]
    public async Task Outage_has_one_beginning_and_one_end_in_the_log()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await steps.Connection.Connected(Stop).InTime();
        var (begun, ended) = (new Seen<RedisOutage>(), new Seen<RedisOutage>());
        steps.Connection.Lost += (_, outage) => begun.Add(outage);
        steps.Connection.Back += (_, outage) => ended.Add(outage);
        var epoch = steps.Connection.Epoch;

        await server.Kill();
        await Until(() => steps.Connection.Outage is not null);
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var fault = await Assert.ThrowsAsync<ConnectionException>(() => steps.Jobs.Push("orders", "{}".Bytes()));
            Assert.True(fault.IsTransient);
            await Assert.ThrowsAsync<ConnectionException>(() => steps.Watch.Look());
        }

        Assert.False(steps.Connection.IsConnected);
        await server.Restart();
        await Until(() => steps.Connection.Epoch > epoch);

        // Handlers hear of it last, after the log.
        var (lost, back) = (await begun.Next(), await ended.Next());
        Assert.True(back.Length > TimeSpan.Zero);
        Assert.Equal(lost.Reason, back.Reason);
        Assert.Equal(2, steps.Log.Lines.Length);
        Assert.Single(begun.All);
        Assert.Single(ended.All);
        Assert.True(steps.Connection.IsConnected);
        await steps.Jobs.Push("orders", "{}".Bytes());
    }

    [Fact]
    public async Task Step_fails_when_Redis_stays_silent_and_works_when_it_answers_again()
    {
        await using var server = await RedisServer.StartOwn();
        var settings = RedisSteps.SettingsFor(server.Open()) with { CommandTimeout = TimeSpan.FromSeconds(0.5) };
        await using var steps = RedisSteps.On(server, settings);
        await steps.Connection.Connected(Stop).InTime();
        server.Pause();

        var lost = await Assert.ThrowsAsync<ConnectionException>(() =>
            steps.Jobs.Push("orders", "{}".Bytes()).InTime()
        );
        Assert.True(lost.IsTransient);
        await Until(() => steps.Log.Lines.Any(line => line.Contains("no answer for 0.5 s", StringComparison.Ordinal)));

        server.Resume();
        await steps.Connection.Connected(Stop).InTime();
        await Until(IsPushed);
        await Until(() => steps.Connection.Outage is null);

        // Half a second without an answer is nothing to a machine that has much to do.
        async Task<bool> IsPushed()
        {
            try
            {
                await steps.Jobs.Push("orders", "{}".Bytes());
                return true;
            }
            catch (ConnectionException silence) when (silence.IsTransient)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task Idle_connection_is_not_taken_for_silent()
    {
        await using var server = await RedisServer.StartOwn();
        var settings = RedisSteps.SettingsFor(server.Open()) with { CommandTimeout = TimeSpan.FromSeconds(2) };
        await using var steps = RedisSteps.On(server, settings);
        await steps.Connection.Connected(Stop).InTime();
        var started = Stopwatch.GetTimestamp();

        await Until(() => Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(3.5));

        Assert.Empty(steps.Log.Lines);
    }

    [Fact]
    public async Task Evicting_Redis_is_told_once()
    {
        await using var server = await RedisServer.StartOwn(
            new RedisServerOptions { Lines = ["maxmemory 100mb", "maxmemory-policy allkeys-lru"] }
        );
        await using var steps = RedisSteps.On(server);

        await steps.Connection.Connected(Stop).InTime();
        await steps.Connection.Connected(Stop).InTime();

        var line = Assert.Single(steps.Log.Lines);
        Assert.Contains("allkeys-lru", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redis_without_INFO_is_believed()
    {
        await using var server = await RedisServer.StartOwn(
            new RedisServerOptions { Lines = ["rename-command INFO \"\"", "rename-command CONFIG \"\""] }
        );
        await using var steps = RedisSteps.On(server);

        await steps.Connection.Connected(Stop).InTime();
        await steps.Jobs.Push("orders", "{}".Bytes());

        Assert.Empty(steps.Log.Lines);
    }

    [Fact]
    public async Task Script_that_Redis_forgot_is_loaded_once_however_many_ask_for_it()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await steps.Connection.Connected(Stop).InTime();

        for (var round = 1; round <= 3; round++)
        {
            // All have asked before the first hears that it is missing.
            server.Pause();
            Task[] asked = [.. Enumerable.Range(0, 50).Select(_ => steps.Watch.Look())];
            server.Resume();
            await Task.WhenAll(asked);

            Assert.Equal(round, await server.Calls("script|load"));
            await steps.Redis.Db.ExecuteAsync("SCRIPT", "FLUSH");
        }
    }

    [Fact]
    public async Task Closed_connection_says_so_and_is_not_worth_trying_again()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Connection.Connected(Stop).InTime();
        await steps.Connection.DisposeAsync();

        var closed = await Assert.ThrowsAsync<ConnectionException>(() => steps.Jobs.Push("orders", "{}".Bytes()));

        Assert.False(closed.IsTransient);
        Assert.Contains("closed with its bus", closed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Multiplexer_of_the_users_own_is_used_and_never_closed()
    {
        await using var redis = await RedisServer.Lease();
        using var own = await redis.Connect();
        await using var server = await RedisServer.StartOwn();
        await using (
            var steps = RedisSteps.On(server, new RedisSettings { Connection = own, Options = RedisOptions.Of(own) })
        )
        {
            await steps.Connection.Connected(Stop).InTime();
            await steps.Jobs.Push("orders", "{}".Bytes());
        }

        Assert.Equal(["{}"], await redis.Queue("orders"));
        await own.GetDatabase().PingAsync();
    }

    [Fact]
    public async Task Connection_that_was_never_used_connects_to_nothing()
    {
        await using var server = await RedisServer.StartOwn();
        await using (RedisSteps.On(server)) { }

        Assert.DoesNotContain("name=masstransit", await server.Clients(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_are_named_and_closed()
    {
        await using var server = await RedisServer.StartOwn();
        await using (
            var steps = RedisSteps.On(
                server,
                RedisSteps.SettingsFor(server.Open()).Set(options => options.ClientName = "my app")
            )
        )
        {
            await steps.Connection.Connected(Stop).InTime();
            Assert.Equal(2, (await server.Clients()).Split("name=my-app ").Length - 1);
        }

        await server
            .Open()
            .Until(async _ => !(await server.Clients()).Contains("name=my-app ", StringComparison.Ordinal));
    }

    static async Task ServeTls(TcpListener listener)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=nobody", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(Stop);
                await using var stream = new SslStream(client.GetStream());
                await stream.AuthenticateAsServerAsync(certificate).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or InvalidOperationException)
        {
            // The test has ended, while this waited for a client or while it talked to one.
        }
    }
}
