using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests;

/// <summary>
/// What a bus does when Redis answers with an error: which errors mean that it waits, which mean one job, one endpoint, or the
/// operator. docs/guarantees.md has the table.
/// </summary>
public sealed class RefusalTests(ITestOutputHelper output)
{
    static readonly TimeSpan lease = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Full_Redis_is_emptied_by_its_consumers_and_told_once_each_way()
    {
        await using var redis = await RedisServer.StartOwn();
        var (seen, gate) = (new Seen<int>(), new TaskCompletionSource());
        await using var bus = await Start(
            redis.Open(),
            async context =>
            {
                await gate.Task.InTime();
                seen.Add(context.Message.OrderId);
                if (context.Message.OrderId % 5 == 0)
                {
                    throw new InvalidOperationException("Every fifth order fails.");
                }
            }
        );
        await redis.Open().SeedQueue("orders", [.. Enumerable.Range(1, 40).Select(Job)]);
        var first = await LeaseEnd(redis);

        await Full(redis);

        // The lease that was there when memory was full has ended, and the next as well.
        await Until(async () => await LeaseEnd(redis) > first + lease + lease);
        await Until(async () => (await Check(bus)).Description!.Contains("OOM", StringComparison.Ordinal));
        Assert.Equal(HealthStatus.Degraded, (await Check(bus)).Status);
        var refused = await Assert.ThrowsAsync<ConnectionException>(() =>
            bus.Send("orders", new SubmitOrder(99)).InTime()
        );
        Assert.True(refused.IsTransient);
        gate.SetResult();
        Assert.Equal(Enumerable.Range(1, 40), (await seen.Next(40)).Order());
        await redis.Open().Until(async state => (await state.RetrySet()).Length == 8 && await HasNoClaims(state));

        await redis.Open().Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await Until(() => Lines(bus, "takes writes again") == 1);
        Assert.Equal(1, Lines(bus, "takes no writes now (OOM"));
        Assert.Equal(0, Lines(bus, "Rescued") + Lines(bus, "no longer claimed"));
        Assert.Equal(HealthStatus.Healthy, (await Check(bus)).Status);
    }

    [Fact]
    public async Task Process_that_starts_on_a_full_Redis_consumes_what_is_there()
    {
        await using var redis = await RedisServer.StartOwn();
        await redis.Open().SeedQueue("orders", [.. Enumerable.Range(1, 20).Select(Job)]);
        await redis
            .Open()
            .SeedScheduledSet(
                """{"queue":"orders","class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":21}],"jid":"jid21"}""",
                TestClock.Start.AddYears(-1)
            );
        await Full(redis);

        var seen = new Seen<int>();
        await using var bus = await Start(redis.Open(), seen);

        // The last of them was due.
        Assert.Equal(Enumerable.Range(1, 21), (await seen.Next(21)).Order());
        await redis.Open().Until(async state => await HasNoClaims(state) && (await state.Queue("orders")).Length == 0);
        Assert.Equal(1, await redis.Open().Db.SetLengthAsync("processes"));
    }

    [Fact]
    public async Task Jobs_of_a_dead_process_are_rescued_from_a_full_Redis()
    {
        await using var redis = await RedisServer.StartOwn();
        var db = redis.Open().Db;
        await db.SetAddAsync("mt:owners", "gone:1:a|orders");
        await db.HashSetAsync("mt:working:gone:1:a:orders", [new("1", Job(1)), new("2", Job(2))]);
        await Full(redis);

        var seen = new Seen<int>();
        await using var bus = await Start(redis.Open(), seen);

        Assert.Equal([1, 2], (await seen.Next(2)).Order());
    }

    [Theory]
    [InlineData("MISCONF")]
    [InlineData("BUSY")]
    [InlineData("NOREPLICAS")]
    [InlineData("MASTERDOWN")]
    public async Task Refusal_that_passes_is_waited_for_and_told_once_each_way(string code)
    {
        await using var redis = await RedisServer.StartOwn(
            new RedisServerOptions { Lines = ["save 3600 1000000", "replica-serve-stale-data no"] }
        );
        await using var other = await redis.Connect();
        var seen = new Seen<int>();
        await using var bus = await Start(redis.Open(), seen);
        await bus.Send("orders", new SubmitOrder(1));
        Assert.Equal(1, await seen.Next());

        var end = await Bring(redis, other, code);
        var told = code == "NOREPLICAS" ? "takes no writes now" : "Redis lost at";
        await Until(() => Lines(bus, told) == 1);
        await end();
        var back = code == "NOREPLICAS" ? "takes writes again" : "Redis back at";
        await Until(() => Lines(bus, back) == 1);

        await bus.Send("orders", new SubmitOrder(2));
        Assert.Equal(2, await seen.Next());
        Assert.Equal((1, 1), (Lines(bus, told), Lines(bus, back)));
    }

    [Fact]
    public async Task Queue_of_another_type_stops_its_endpoint_alone_and_is_told_once_each_way()
    {
        await using var redis = await RedisServer.StartOwn();
        var seen = new Seen<int>();
        await redis.Open().Db.StringSetAsync("queue:orders", "no list");
        await using var bus = await Start(redis.Open(), seen, other: "others");

        await bus.Send("others", new SubmitOrder(1));
        Assert.Equal(1, await seen.Next());
        await Until(() => Lines(bus, "orders takes no jobs") == 1);

        await redis.Open().Db.KeyDeleteAsync("queue:orders");
        await redis.Open().SeedQueue("orders", Job(2));
        Assert.Equal(2, await seen.Next());
        await Until(() => Lines(bus, "orders takes jobs again") == 1);
        Assert.Equal(1, Lines(bus, "orders takes no jobs"));
    }

    [Fact]
    public async Task Queue_outside_the_rights_of_the_user_stops_its_endpoint_alone()
    {
        await using var redis = await RedisServer.StartOwn(
            new RedisServerOptions { Users = ["app on >secret ~* &* +@all"] }
        );
        var seen = new Seen<int>();
        await using var bus = await Start(redis.Open(), seen, other: "others", user: "app");

        await redis
            .Open()
            .Db.ExecuteAsync(
                "ACL",
                [
                    "SETUSER",
                    "app",
                    "resetkeys",
                    .. "queue:others queues paused schedule retry dead processes process_cleanup mt:* *:*:* stat:* j|*"
                        .Split(' ')
                        .Select(key => $"~{key}"),
                ]
            );
        await redis.Open().SeedQueue("orders", Job(1));
        await redis.Open().SeedQueue("others", Job(2));
        Assert.Equal(2, await seen.Next());
        await Until(() => Lines(bus, "orders takes no jobs") == 1);

        await redis.Open().Db.ExecuteAsync("ACL", "SETUSER", "app", "~*");
        Assert.Equal(1, await seen.Next());
    }

    [Theory]
    [InlineData("retry")]
    [InlineData("dead")]
    public async Task Job_that_cannot_be_moved_frees_its_worker_and_is_moved_when_Redis_lets_it(string set)
    {
        await using var redis = await RedisServer.StartOwn();
        var seen = new Seen<int>();
        await redis.Open().Db.StringSetAsync(set, "no set");
        await using var bus = await Start(
            redis.Open(),
            context =>
            {
                seen.Add(context.Message.OrderId);
                return context.Message.OrderId < 10
                    ? throw new InvalidOperationException("It fails.")
                    : Task.CompletedTask;
            },
            configure: e => e.UseSidekiqRetry(retry => retry.Limit(set == "retry" ? 5 : 0))
        );

        // More than there are workers.
        await redis.Open().SeedQueue("orders", [.. Enumerable.Range(1, 6).Append(10).Select(Job)]);

        Assert.Equal([1, 2, 3, 4, 5, 6, 10], (await seen.Next(7)).Order());
        await Until(() => Lines(bus, "has ended, and Redis refuses to move it") == 1);
        await Until(async () =>
            (await Check(bus)).Description!.Contains("6 jobs have ended", StringComparison.Ordinal)
        );

        await redis.Open().Db.KeyDeleteAsync(set);
        await redis.Open().Until(async state => await state.Db.SortedSetLengthAsync(set) == 6);
        await redis.Open().Until(HasNoClaims);
        await Until(() => Lines(bus, "have been moved") == 1);
        Assert.Equal(1, Lines(bus, "refuses to move it"));
    }

    [Fact]
    public async Task Job_that_cannot_be_moved_returns_to_its_queue_when_its_process_stops()
    {
        await using var redis = await RedisServer.StartOwn();
        await redis.Open().Db.StringSetAsync("retry", "no set");
        await redis.Open().SeedQueue("orders", Job(1));
        var bus = await Start(redis.Open(), _ => throw new InvalidOperationException("It fails."));
        await Until(() => Lines(bus, "refuses to move it") == 1);

        await bus.DisposeAsync();

        Assert.Equal([Job(1)], await redis.Open().Queue("orders"));
        Assert.True(await HasNoClaims(redis.Open()));
        Assert.DoesNotContain(await redis.Open().Keys(), key => key.StartsWith("mt:poison", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_of_a_process_does_not_wait_for_the_timeouts_of_a_Redis_that_is_silent()
    {
        await using var redis = await RedisServer.StartOwn();
        var seen = new Seen<int>();
        var bus = await Start(redis.Open(), seen, other: "others");
        await bus.Send("orders", new SubmitOrder(1));
        Assert.Equal(1, await seen.Next());

        redis.Pause();
        var started = TimeProvider.System.GetTimestamp();
        await bus.Services.GetRequiredService<IBusControl>().StopAsync(TestContext.Current.CancellationToken).InTime();
        var took = TimeProvider.System.GetElapsedTime(started);
        redis.Resume();
        await bus.DisposeAsync();

        // A second for the endpoints together, one for the process, one for its connections; 12 s before.
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(6));
    }

    static string Job(int order) =>
        $$"""{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":{{order}}}],"jid":"jid{{order}}","retry":true}""";

    // Redis counts what it holds for itself as well, so that one byte is less than it has.
    static Task Full(RedisServer redis) => redis.Open().Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

    static async Task<TimeSpan> LeaseEnd(RedisServer redis)
    {
        var key = (await redis.Open().Keys()).Single(name => name.StartsWith("mt:alive:", StringComparison.Ordinal));
        var end = (long)await redis.Open().Db.ExecuteAsync("PEXPIRETIME", key);
        return TimeSpan.FromMilliseconds(end);
    }

    static async Task<bool> HasNoClaims(RedisDatabase redis) =>
        !(await redis.Keys()).Any(key => key.StartsWith("mt:working", StringComparison.Ordinal));

    static int Lines(TestBus bus, string part) => bus.Log.Count(line => line.Contains(part, StringComparison.Ordinal));

    // Brings Redis into a state in which it answers with the code; what it returns ends that.
    static async Task<Func<Task>> Bring(RedisServer redis, ConnectionMultiplexer other, string code)
    {
        var db = other.GetDatabase();
        switch (code)
        {
            case "MISCONF":
                // Which takes the place of the file.
                var dump = Directory.CreateDirectory(Path.Combine(redis.Folder, "dump.rdb"));
                await db.ExecuteAsync("BGSAVE");
                await Until(async () =>
                    ((string)(await db.ExecuteAsync("INFO", "persistence"))!).Contains(
                        "rdb_last_bgsave_status:err",
                        StringComparison.Ordinal
                    )
                );
                return async () =>
                {
                    dump.Delete();
                    await db.ExecuteAsync("BGSAVE");
                };

            case "BUSY":
                await db.ExecuteAsync("CONFIG", "SET", "busy-reply-threshold", "50");
                var endless = db.ScriptEvaluateAsync("while true do end");
                return async () =>
                {
                    await Plain(redis, "SCRIPT KILL");
                    await Assert.ThrowsAnyAsync<Exception>(() => endless);
                };

            case "NOREPLICAS":
                await db.ExecuteAsync("CONFIG", "SET", "min-replicas-to-write", "1");
                return () => db.ExecuteAsync("CONFIG", "SET", "min-replicas-to-write", "0");

            default:
                await db.ExecuteAsync("REPLICAOF", "127.0.0.1", "1");
                return () => Plain(redis, "REPLICAOF NO ONE");
        }
    }

    // A multiplexer asks more than this of a server to which it connects, and one in such a state refuses that.
    static async Task Plain(RedisServer redis, string command)
    {
        using var client = new TcpClient("127.0.0.1", redis.Port);
        using var answers = new StreamReader(client.GetStream());
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"));
        Assert.Equal("+OK", await answers.ReadLineAsync().InTime());
    }

    static async Task<HealthReportEntry> Check(TestBus bus)
    {
        var report = await bus
            .Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(check => check.Name == "sidekiq", TestContext.Current.CancellationToken)
            .InTime();

        return Assert.Single(report.Entries).Value;
    }

    Task<TestBus> Start(RedisDatabase redis, Seen<int> seen, string? other = null, string? user = null) =>
        Start(
            redis,
            context =>
            {
                seen.Add(context.Message.OrderId);
                return Task.CompletedTask;
            },
            other,
            user
        );

    Task<TestBus> Start(
        RedisDatabase redis,
        Func<ConsumeContext<SubmitOrder>, Task> work,
        string? other = null,
        string? user = null,
        Action<ISidekiqReceiveEndpointConfigurator>? configure = null
    ) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Host(
                    redis.Url,
                    host =>
                    {
                        var settings = (SidekiqHostSettings)host;
                        settings.Lease = lease;
                        settings.Beat = TimeSpan.FromMilliseconds(250);
                        if (user is not null)
                        {
                            host.UserName = user;
                            host.Password = "secret";
                        }
                    }
                );
                foreach (var queue in new[] { "orders", other }.OfType<string>())
                {
                    cfg.ReceiveEndpoint(
                        queue,
                        e =>
                        {
                            e.ConcurrentMessageLimit = 4;
                            e.Handler<SubmitOrder>(context => work(context));
                            configure?.Invoke(e);
                        }
                    );
                }
            }
        );
}
