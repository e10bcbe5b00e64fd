using System.Diagnostics;
using System.Text;

namespace MassTransit.Sidekiq.Tests.Redis;

public class QueueWaiterTests
{
    [Fact]
    public async Task Pushed_job_is_claimed_by_the_wait_itself()
    {
        await using var steps = await RedisSteps.Open();
        await using var waiter = Waiter(steps);
        await steps.Alive("orders");

        var waiting = waiter.Wait(TestContext.Current.CancellationToken);
        await steps.Jobs.Push("orders", "job".Bytes());
        var result = await waiting.InTime();

        Assert.Equal((WaitEnd.Claimed, "job", false), (result.End, Text(result), result.HasMore));
        Assert.Empty(await steps.Redis.Queue("orders"));
        Assert.Equal(0, await steps.Redis.Db.ListLengthAsync(steps.Keys.Queue("orders").Landing));
        Assert.Equal(1, await steps.Claims.Acknowledge("orders", [result.Number]));
    }

    [Fact]
    public async Task Who_may_not_unblock_does_not_wait_and_is_told_once()
    {
        await using var server = await RedisServer.StartOwn();
        var redis = server.Open();
        await redis.Db.ExecuteAsync("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-client|unblock");
        await using var steps = RedisSteps.On(
            server,
            RedisSteps.SettingsFor(redis).Set(options => (options.User, options.Password) = ("app", "secret"))
        );
        await using var waiter = Waiter(steps);

        for (var time = 0; time < 3; time++)
        {
            Assert.Equal(WaitEnd.Refused, (await waiter.Wait(CancellationToken.None).InTime()).End);
        }

        var line = Assert.Single(steps.Log.Lines);
        Assert.StartsWith("Waiting on queue orders is not possible: ", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_that_waited_already_is_claimed_at_once_even_when_it_is_large()
    {
        await using var steps = await RedisSteps.Open();
        await using var waiter = Waiter(steps);
        await steps.Alive("orders");
        var large = new string('x', 3_000_000);
        await steps.Redis.SeedQueue("orders", large, "small");

        var first = await waiter.Wait(CancellationToken.None).InTime();
        var second = await waiter.Wait(CancellationToken.None).InTime();

        Assert.Equal((large, true), (Text(first), first.HasMore));
        Assert.Equal(("small", false), (Text(second), second.HasMore));
    }

    [Fact]
    public async Task Job_that_comes_to_a_process_without_a_lease_lands_and_the_next_claim_takes_it()
    {
        await using var steps = await RedisSteps.Open();
        await using var waiter = Waiter(steps);
        await steps.Redis.SeedQueue("orders", "job");

        Assert.Equal(WaitEnd.Landed, (await waiter.Wait(CancellationToken.None).InTime()).End);

        await steps.Alive("orders");
        Assert.Equal(["job"], (await steps.Claim(1, "orders")).Texts());
    }

    [Fact]
    public async Task Job_that_comes_to_a_paused_queue_is_not_claimed()
    {
        await using var steps = await RedisSteps.Open();
        await using var waiter = Waiter(steps);
        await steps.Alive("orders");
        await steps.Redis.Db.SetAddAsync(steps.Keys.Paused, "orders");
        await steps.Redis.SeedQueue("orders", "job");

        Assert.Equal(WaitEnd.Landed, (await waiter.Wait(CancellationToken.None).InTime()).End);

        Assert.Empty((await steps.Claim(1, "orders")).Jobs);
        Assert.Equal(["job"], await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task Redis_that_forgot_its_scripts_leaves_the_job_to_the_next_claim_and_is_taught_again()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await using var waiter = Waiter(steps);
        await steps.Alive("orders");
        var waiting = waiter.Wait(CancellationToken.None);
        await Blocked(steps);

        await steps.Redis.Db.ExecuteAsync("SCRIPT", "FLUSH");
        await steps.Jobs.Push("orders", "first".Bytes());
        Assert.Equal(WaitEnd.Landed, (await waiting.InTime()).End);
        Assert.Equal(["first"], (await steps.Claim(1, "orders")).Texts());

        await steps.Jobs.Push("orders", "second".Bytes());
        Assert.Equal("second", Text(await waiter.Wait(CancellationToken.None).InTime()));
    }

    [Fact]
    public async Task Wait_whose_answer_is_lost_tells_the_number_its_job_may_have()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await using var waiter = Waiter(steps);
        var waiting = waiter.Wait(CancellationToken.None);
        await Blocked(steps);

        await server.Kill();
        var result = await waiting.InTime();

        Assert.Equal((WaitEnd.InDoubt, steps.Claims.Reserve(0)), (result.End, result.Number + 1));
    }

    [Fact]
    public async Task Cancelled_wait_ends_at_once_and_leaves_later_jobs_alone()
    {
        await using var steps = await RedisSteps.Open();
        await using var waiter = Waiter(steps);
        using var stop = new CancellationTokenSource();
        await Connected(steps);
        var landed = waiter.Wait(stop.Token);
        await Blocked(steps);

        var started = Stopwatch.GetTimestamp();
        await stop.CancelAsync();

        Assert.Equal(WaitEnd.Nothing, (await landed.InTime()).End);
        // Redis would end it after eight seconds.
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(4));
        await steps.Jobs.Push("orders", "job".Bytes());
        Assert.Equal(["job"], await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task Waiter_can_wait_again_after_a_cancelled_wait()
    {
        await using var steps = await RedisSteps.Open();
        await using var waiter = Waiter(steps);
        using var stop = new CancellationTokenSource();
        await Connected(steps);
        var landed = waiter.Wait(stop.Token);
        await Blocked(steps);
        await stop.CancelAsync();
        await landed.InTime();

        var again = waiter.Wait(CancellationToken.None);
        await steps.Jobs.Push("orders", "job".Bytes());

        Assert.NotEqual(WaitEnd.Nothing, (await again.InTime()).End);
    }

    [Fact]
    public async Task Cancelled_wait_always_tells_whether_it_claimed_a_job()
    {
        await using var steps = await RedisSteps.Open();
        await using var waiter = Waiter(steps);
        await steps.Alive("orders");
        var told = new List<long>();

        for (var round = 0; round < 200; round++)
        {
            using var stop = new CancellationTokenSource();
            var landed = waiter.Wait(stop.Token);
            var pushed = steps.Jobs.Push("orders", $"{round}".Bytes());
            await stop.CancelAsync();
            await pushed;

            var result = await landed.InTime();
            switch (result.End)
            {
                case WaitEnd.Claimed:
                    told.Add(result.Number);
                    break;

                // The machine stood still, and the wait did not hear in time what became of it.
                case WaitEnd.InDoubt:
                    await steps.Claims.Requeue("orders", [result.Number]);
                    await steps.Claims.ReturnLanding("orders");
                    break;
            }
        }

        Assert.Equal(200 - told.Count, (await steps.Redis.Queue("orders")).Length);
        Assert.Equal(told.Count, await steps.Claims.Acknowledge("orders", told));
    }

    [Fact]
    public async Task Wait_that_is_cancelled_before_it_began_asks_for_nothing()
    {
        await using var steps = await RedisSteps.Open();
        await using var waiter = Waiter(steps);
        await steps.Redis.SeedQueue("orders", "job");

        Assert.Equal(default, await waiter.Wait(new CancellationToken(canceled: true)));

        Assert.Equal(["job"], await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task One_push_wakes_one_waiter()
    {
        await using var steps = await RedisSteps.Open();
        var other = steps.Another();
        await using var one = Waiter(steps);
        await using var two = Waiter(other);
        using var stop = new CancellationTokenSource();
        Task<WaitResult>[] waits = [one.Wait(stop.Token), two.Wait(stop.Token)];
        await Blocked(steps, waiters: 2);

        await steps.Jobs.Push("orders", "job".Bytes());
        await Task.WhenAny(waits).InTime();
        await stop.CancelAsync();

        Assert.Single(await Task.WhenAll(waits).InTime(), result => result.End == WaitEnd.Landed);
    }

    [Fact]
    public async Task Idle_wait_costs_three_commands_in_eight_seconds()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await using var waiter = Waiter(steps);
        using var stop = new CancellationTokenSource();
        var landed = waiter.Wait(stop.Token);
        await Blocked(steps);
        var before = await Calls(server);

        // The wait counts when it begins, the script and what it asks when it has ended.
        await Until(async () => (await Calls(server))["brpoplpush"] >= before["brpoplpush"] + 1);

        var after = await Calls(server);
        foreach (var command in (string[])["brpoplpush", "evalsha", "rpop"])
        {
            before[command] = before.GetValueOrDefault(command) + 1;
        }

        Assert.Equal(string.Join(' ', before), string.Join(' ', after));
        await stop.CancelAsync();
        await landed.InTime();
    }

    [Fact]
    public async Task Lost_Redis_ends_the_wait_without_an_error_and_it_works_again_afterwards()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await using var waiter = Waiter(steps);
        var landed = waiter.Wait(CancellationToken.None);
        await Blocked(steps);

        await server.Kill();
        Assert.Equal(WaitEnd.InDoubt, (await landed.InTime()).End);
        Assert.Equal(WaitEnd.Nothing, (await waiter.Wait(CancellationToken.None).InTime()).End);
        await server.Restart();

        await steps.Connection.Connected(TestContext.Current.CancellationToken).InTime();
        await steps.Jobs.Push("orders", "job".Bytes());
        while ((await waiter.Wait(CancellationToken.None).InTime()).End != WaitEnd.Landed)
        {
            // The first wait may still meet the outage.
        }

        Assert.DoesNotContain(steps.Log.Lines, line => line.StartsWith("Waiting", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Frozen_Redis_holds_up_a_cancelled_wait_for_a_second_at_most()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await using var waiter = Waiter(steps);
        using var stop = new CancellationTokenSource();
        await Connected(steps);
        var landed = waiter.Wait(stop.Token);
        await Blocked(steps);
        server.Pause();

        var started = Stopwatch.GetTimestamp();
        await stop.CancelAsync();
        Assert.Equal(WaitEnd.InDoubt, (await landed.InTime()).End);

        // Twenty-three are allowed to a wait that nobody cancels: eight in Redis, and fifteen for its answer.
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10));
        server.Resume();
    }

    [Fact]
    public async Task Waiter_logs_in_and_uses_the_database_of_the_bus()
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { Password = "open-sesame" });
        var settings = RedisSteps.SettingsFor(server.Open(7));
        await using var steps = RedisSteps.On(server, settings);
        await using var waiter = Waiter(steps);

        var landed = waiter.Wait(CancellationToken.None);
        await steps.Jobs.Push("orders", "job".Bytes());

        Assert.Equal(WaitEnd.Landed, (await landed.InTime()).End);
        Assert.Contains("name=masstransit-wait", await server.Clients(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiter_beside_a_multiplexer_of_the_users_own_takes_its_address_and_password()
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { Password = "open-sesame" });
        using var own = await server.Connect();
        await using var steps = RedisSteps.On(
            server,
            new RedisSettings { Connection = own, Options = RedisOptions.Of(own) }
        );
        await using var waiter = Waiter(steps);

        var landed = waiter.Wait(CancellationToken.None);
        await steps.Jobs.Push("orders", "job".Bytes());

        Assert.Equal(WaitEnd.Landed, (await landed.InTime()).End);
    }

    [Fact]
    public async Task Refused_wait_is_told_once_and_never_with_the_password()
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { Password = "open-sesame" });
        var settings = RedisSteps.SettingsFor(server.Open()).Set(options => options.Password = "wrong secret");
        await using var steps = RedisSteps.On(server, settings);
        await using var waiter = Waiter(steps);

        Assert.Equal(WaitEnd.Refused, (await waiter.Wait(CancellationToken.None).InTime()).End);
        Assert.Equal(WaitEnd.Refused, (await waiter.Wait(CancellationToken.None).InTime()).End);

        var line = Assert.Single(steps.Log.Lines, line => line.StartsWith("Waiting", StringComparison.Ordinal));
        Assert.Contains("WRONGPASS", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    static QueueWaiter Waiter(RedisSteps steps) => new(steps.Connection, steps.Keys, steps.Claims, "orders");

    static string Text(WaitResult result) => Encoding.UTF8.GetString(result.Json!);

    // A wait has a second to be called off, and the connection that does it is made at its first use.
    static Task Connected(RedisSteps steps) =>
        steps.Connection.Connected(TestContext.Current.CancellationToken).InTime();

    // The waiter of a process is blocked in Redis.
    static async Task Blocked(RedisSteps steps, int waiters = 1) =>
        await Until(async () =>
        {
            var clients = (string)(await steps.Redis.Db.ExecuteAsync("CLIENT", "LIST"))!;
            return clients.Split('\n').Count(client => Waits(client, steps.Redis.Database)) == waiters;
        });

    static bool Waits(string client, int database) =>
        client.Contains($" db={database} ", StringComparison.Ordinal)
        && client.Contains(" flags=b ", StringComparison.Ordinal);

    // What a waiter could have run: the test's own connection asks for statistics, and pings in its first seconds.
    // StackExchange.Redis 2.x selects the database again behind a wait.
    static async Task<SortedDictionary<string, long>> Calls(RedisServer server)
    {
        var calls = await server.Calls();
        calls.Remove("info");
        calls.Remove("ping");
        calls.Remove("select");
        return calls;
    }
}
