using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>
/// A process that is killed around each step that a failed, moved or due job takes. Each is one script, so there are two
/// instants: Redis has not seen it yet, or has run it and nobody knows. In both the job is in exactly one place, and goes on.
/// </summary>
public sealed partial class FaultPointTests(ITestOutputHelper output)
{
    const string Jid = "6a53acef47bc238203ae6a7e";
    const string Class = "\"class\":\"MassTransit::Sidekiq::Tests::SubmitOrder\",\"args\":[{\"orderId\":1}]";
    static readonly string Job =
        $$"""{"retry":true,"queue":"orders",{{Class}},"jid":"{{Jid}}","created_at":{{TestClock.Pushed}}}""";

    [Theory]
    [InlineData("retry", true, "mt:working")]
    [InlineData("retry", false, "retry")]
    [InlineData("bury", true, "mt:working")]
    [InlineData("bury", false, "dead")]
    [InlineData("move", true, "mt:working")]
    [InlineData("move", false, "queue:orders_error")]
    [InlineData("reschedule", true, "mt:working")]
    [InlineData("reschedule", false, "schedule")]
    public async Task Failed_job_is_in_one_place_and_goes_on(string step, bool before, string place)
    {
        await using var redis = await RedisServer.Lease();
        await using var proxy = new RedisProxy(redis);
        var runs = new Seen<int>();
        var script = await Load(redis, step);

        await using (await Start(proxy.Url, redis, step, _ => throw new InvalidOperationException("no")))
        {
            proxy.CutAt(script, before);
            await redis.SeedQueue("orders", Job);
            await proxy.Cut.InTime();
            Assert.StartsWith(place, Assert.Single(await Places(redis)), StringComparison.Ordinal);
        }

        await EndLease(redis);
        await using var next = await Start(redis.Url, redis, step: "", Note(runs));
        if (place is "dead" or "queue:orders_error")
        {
            Assert.Equal([place], await Places(redis));
            return;
        }

        await Soon(redis, "retry");
        await Soon(redis, "schedule");
        Assert.Equal(1, await runs.Next());
        await redis.Until(async state => (await Places(state)).Length == 0);
        Assert.Single(runs.All);
    }

    [Theory]
    [InlineData(true, "retry")]
    [InlineData(false, "queue:orders")]
    public async Task Due_job_is_in_one_place_and_goes_on(bool before, string place)
    {
        await using var redis = await RedisServer.Lease();
        await using var proxy = new RedisProxy(redis);
        var runs = new Seen<int>();
        var script = await Load(redis, "push_due");

        await using (await Start(proxy.Url, redis, "", Note(runs), queue: "elsewhere"))
        {
            proxy.CutAt(script, before);
            await redis.SeedRetrySet(Job, DateTimeOffset.UnixEpoch);
            await proxy.Cut.InTime();
            Assert.Equal([place], await Places(redis));
        }

        await using var next = await Start(redis.Url, redis, "", Note(runs));
        Assert.Equal(1, await runs.Next());
        await redis.Until(async state => (await Places(state)).Length == 0);
        Assert.Single(runs.All);
    }

    [Theory]
    [InlineData(true, "mt:working:gone:1:a:orders")]
    [InlineData(false, "queue:orders")]
    public async Task Rescued_job_is_in_one_place_and_goes_on(bool before, string place)
    {
        await using var redis = await RedisServer.Lease();
        await using var proxy = new RedisProxy(redis);
        var runs = new Seen<int>();
        var script = await Load(redis, "rescue");
        var clock = new FakeClock();

        await using (await Start(proxy.Url, redis, "", Note(runs), queue: "elsewhere", clock))
        {
            proxy.CutAt(script, before);
            await redis.Db.HashSetAsync("mt:working:gone:1:a:orders", 1, Job);
            await redis.Db.SetAddAsync("mt:owners", "gone:1:a|orders");
            await Until(() =>
            {
                // The time until it looks for orphans again.
                clock.Advance(TimeSpan.FromSeconds(5));
                return proxy.Cut.IsCompleted;
            });
            Assert.Equal([place], await Places(redis));
        }

        await using var next = await Start(redis.Url, redis, "", Note(runs));
        Assert.Equal(1, await runs.Next());
        await redis.Until(async state => (await Places(state)).Length == 0);
        Assert.Single(runs.All);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task Periodic_run_is_enqueued_once_whoever_dies_over_it(bool before, int enqueued)
    {
        await using var redis = await RedisServer.Lease();
        await using var proxy = new RedisProxy(redis);
        var script = await Load(redis, "run_periodic");

        await using (await Start(proxy.Url, redis, "", Note(new Seen<int>())))
        {
            proxy.CutAt(script, before);
            // Once a year, and due for the last time: within a window of a year, and so for one run.
            await redis.Db.HashSetAsync(
                "mt:periodic:jobs",
                "App:yearly",
                $$$"""{"cron":"{{{TestClock.CronMonthsAway}}}","tz":"Etc/UTC","late":31622400,"queue":"yearly","job":{"retry":true,"args":[],"class":"A"}}"""
            );
            await redis.Db.SortedSetAddAsync("mt:periodic", "App:yearly", 1);
            await proxy.Cut.InTime();
            Assert.Equal(enqueued, (await redis.Queue("yearly")).Length);
        }

        await using var next = await Start(redis.Url, redis, "", Note(new Seen<int>()));
        await redis.Until(async state =>
            (await state.Db.SortedSetScoreAsync("mt:periodic", "App:yearly")) > 1
            && (await state.Queue("yearly")).Length == 1
        );
    }

    Task<TestBus> Start(
        string url,
        RedisDatabase redis,
        string step,
        MessageHandler<SubmitOrder> handler,
        string queue = "orders",
        TimeProvider? clock = null
    ) =>
        TestBus.Start(
            redis,
            output,
            x =>
                x.AddSingleton(clock ?? TimeProvider.System)
                    .AddOptions<MassTransitHostOptions>()
                    .Configure(options => options.StopTimeout = TimeSpan.FromSeconds(1)),
            (_, cfg) =>
            {
                cfg.Host(url);
                cfg.ReceiveEndpoint(
                    queue,
                    e =>
                    {
                        switch (step)
                        {
                            case "bury":
                                e.UseSidekiqRetry(r => r.None());
                                break;
                            case "move":
                                e.UseErrorQueue();
                                break;
                            case "reschedule":
                                e.UseDelayedRedelivery(r => r.Interval(1, TimeSpan.FromHours(1)));
                                break;
                        }

                        e.Handler(handler);
                    }
                );
            }
        );

    static MessageHandler<SubmitOrder> Note(Seen<int> runs) =>
        context =>
        {
            runs.Add(context.Message.OrderId);
            return Task.CompletedTask;
        };

    // Each key that holds the job, as often as it does. What the Busy page shows of it is a picture, and so is the count
    // of its rescues.
    static async Task<string[]> Places(RedisDatabase redis) =>
        [
            .. (await redis.Snapshot())
                .Where(key => !Picture().IsMatch(key.Key))
                .SelectMany(key => Enumerable.Repeat(key.Key, key.Value.Split(Jid).Length - 1)),
        ];

    [GeneratedRegex("^mt:poison:|:work(ers)?$")]
    private static partial Regex Picture();

    // As if the dead process had been silent for the time of its lease.
    static async Task EndLease(RedisDatabase redis)
    {
        var leases = (await redis.Keys()).Where(key => key.StartsWith("mt:alive:", StringComparison.Ordinal));
        foreach (var lease in leases)
        {
            await redis.Db.KeyDeleteAsync(lease);
        }
    }

    static async Task Soon(RedisDatabase redis, string set)
    {
        foreach (var job in await redis.Db.SortedSetRangeByRankAsync(set))
        {
            await redis.Db.SortedSetAddAsync(set, job, 1);
        }
    }

    // So that its first run is no question whether Redis knows it. Returns the hash by which it is run.
    static async Task<string> Load(RedisDatabase redis, string step)
    {
        var script = step switch
        {
            "retry" => Script.Retry,
            "bury" => Script.Bury,
            "move" => Script.Move,
            "reschedule" => Script.Reschedule,
            "rescue" => Script.Rescue,
            "run_periodic" => Script.RunPeriodic,
            _ => Script.PushDue,
        };
        var hash = (string)(await redis.Db.ExecuteAsync("SCRIPT", "LOAD", script.Text))!;
        Assert.Equal(Convert.ToHexStringLower(script.Hash), hash);
        return hash;
    }
}
