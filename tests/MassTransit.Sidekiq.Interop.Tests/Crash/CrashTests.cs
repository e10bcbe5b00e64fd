using System.Diagnostics;
using System.Text.Json;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Interop.Tests.Crash;

/// <summary>Tests that keep both cores busy, and so run one by one, after all others.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>Processes die by SIGKILL with jobs in hand; others finish what they had.</summary>
[Collection(nameof(Alone))]
public sealed class CrashTests(ITestOutputHelper output)
{
    const int Jobs = 10_000;
    const int Kills = 20;

    static readonly TimeSpan lease = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task No_job_is_lost_when_its_worker_is_killed()
    {
        var started = Stopwatch.GetTimestamp();
        var random = new Random();
        await using var redis = await RedisServer.Lease();
        await using var fleet = new Fleet(redis, lease);
        await fleet.Prepare(4);
        await fleet.Employ(3);

        var inHand = 0L;
        for (var kill = 0; kill < Kills; kill++)
        {
            var before = kill * (Jobs / Kills);
            await Push(redis, before, Jobs / Kills);

            // An instant in the middle of the work, whichever it is.
            var ran = before + random.Next(Jobs / Kills);
            await redis.Until(async state =>
                await state.Db.HashLengthAsync("ledger") + (await state.DeadSet()).Length >= ran
            );

            var victim = fleet.Working[random.Next(fleet.Working.Count)];
            var process = victim.Id;
            await fleet.Kill(victim);
            inHand += await Claimed(redis, process);
            await Task.WhenAll(fleet.Employ(1), fleet.Prepare(1));
        }

        await redis.Until(async state => (await state.Keys()).All(key => key is not "queue:crash" && !IsClaim(key)));
        var ledger = (await redis.Db.HashGetAllAsync("ledger")).ToDictionary(
            run => (int)run.Name,
            run => (int)run.Value
        );
        var dead = (await redis.DeadSet()).Select(entry => Number(entry.Job)).ToHashSet();
        var lost = Enumerable.Range(0, Jobs).Where(job => !ledger.ContainsKey(job) && !dead.Contains(job));

        output.WriteLine(
            $"{Jobs} jobs, {Kills} kills, {inHand} jobs in hand at them: {ledger.Values.Count(runs => runs == 2)} ran twice, "
                + $"{ledger.Values.Count(runs => runs > 2)} more often, {dead.Count} given up after three dead workers, "
                + $"{lost.Count()} lost, in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s"
        );
        Assert.Empty(lost);
        Assert.Empty(await redis.RetrySet());
        Assert.True(inHand > 0, "No worker had a job in hand when it was killed, so nothing was shown.");
    }

    [Fact]
    public async Task Unique_job_whose_process_is_killed_blocks_no_other()
    {
        await using var redis = await RedisServer.Lease();
        await using var fleet = new Fleet(redis, lease);
        await fleet.Prepare(3);
        await fleet.Employ(2);
        await using var sender = await TestBus.Start(redis, output);
        var endpoint = await sender.Harness.Bus.GetSendEndpoint(new Uri("queue:crash"));

        var (sent, dropped) = (0, 0);
        for (var kill = 0; kill < 6; kill++)
        {
            await Task.WhenAll(Enumerable.Range(0, 400).Select(i => Send(kill % 2 == 0 ? i % 40 : i % 7)));
            await fleet.Kill(fleet.Working[0]);
            await Task.WhenAll(fleet.Employ(1), fleet.Prepare(1));
        }

        await redis.Until(async state => (await state.Keys()).All(key => key is not "queue:crash" && !IsClaim(key)));
        var ledger = (await redis.Db.HashGetAllAsync("ledger")).Sum(run => (int)run.Value);
        output.WriteLine($"{sent} sent, {dropped} dropped, {ledger} runs");
        Assert.InRange(ledger, sent, int.MaxValue);
        Assert.True(dropped > 0, "No job met another one, so nothing was shown.");
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("sidekiq:unique:", StringComparison.Ordinal));

        async Task Send(int number)
        {
            SendContext? context = null;
            await endpoint.Send(
                new CrashJob(number),
                x =>
                {
                    context = x;
                    x.Job(job => job.UniqueFor = TimeSpan.FromMinutes(10));
                },
                TestContext.Current.CancellationToken
            );
            _ = context!.TryGetPayload<JobConflict>(out _)
                ? Interlocked.Increment(ref dropped)
                : Interlocked.Increment(ref sent);
        }
    }

    [Fact]
    public async Task Job_of_many_items_goes_on_where_its_killed_process_had_saved_it_last()
    {
        const int Deaths = 3;
        const string Job = """{"class":"IterableJob","args":[{}],"jid":"17e4ab1e","queue":"crash","retry":true}""";
        await using var redis = await RedisServer.Lease();
        await using var fleet = new Fleet(redis, lease);
        await fleet.Prepare(3);
        await fleet.Employ(2);
        await redis.SeedQueue("crash", Job);

        // As often as a job that gets nowhere may: then it would be poison.
        var (ran, unsaved) = (0L, 0L);
        for (var death = 1; death <= Deaths; death++)
        {
            ChildProcess? holder = null;
            await redis.Until(async state =>
                await state.Db.HashLengthAsync("ledger") > ran + 2000
                && (holder = await Holder(state, fleet)) is not null
            );
            await fleet.Kill(holder!);
            ran = await redis.Db.HashLengthAsync("ledger");
            unsaved += ran - (long)await redis.Db.HashGetAsync("it-17e4ab1e", "c");
            await Task.WhenAll(fleet.Employ(1), fleet.Prepare(1));
        }

        await redis.Until(async state => await state.Db.HashLengthAsync("ledger") > ran);
        await redis.Db.StringSetAsync("enough", "");
        await redis.Until(async state => !await state.Db.KeyExistsAsync("it-17e4ab1e"));

        var ledger = (await redis.Db.HashGetAllAsync("ledger")).ToDictionary(
            run => (int)run.Name,
            run => (int)run.Value
        );
        var repeated = ledger.Values.Sum() - ledger.Count;
        output.WriteLine(
            $"{ledger.Count} items in {await redis.Db.StringGetAsync("runs")} runs, {Deaths} killed: {repeated} ran twice, of {unsaved} behind the places saved last"
        );
        Assert.Equal(Enumerable.Range(0, ledger.Count), ledger.Keys.Order());
        Assert.InRange(repeated, 0, unsaved + Deaths);
        Assert.Empty(await redis.DeadSet());
        Assert.Empty(await redis.RetrySet());
    }

    [Fact]
    public async Task Job_that_kills_its_process_three_times_is_dead()
    {
        await using var redis = await RedisServer.Lease();
        await using var fleet = new Fleet(redis, lease);
        await fleet.Prepare(3);
        // Rescues what the dead leave behind, and has no part in their queue.
        await using var bystander = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Host(redis.Url, host => ((SidekiqHostSettings)host).Lease = lease);
                cfg.ReceiveEndpoint("elsewhere", e => e.Handler<Shop.OrderPaid>(_ => Task.CompletedTask));
            }
        );
        const string Poison = """{"class":"PoisonJob","args":[{}],"jid":"p0150n","queue":"crash","retry":true}""";
        await redis.SeedQueue("crash", Poison);

        for (var deaths = 1; deaths <= 3; deaths++)
        {
            await fleet.Employ(1, untilItWorks: false);
            await redis.Until(async state => await state.Db.StringGetAsync("poisoned") == deaths);
        }

        await redis.Until(async state => (await state.DeadSet()).Length == 1);
        var dead = JsonElement.Parse((await redis.DeadSet())[0].Job);
        Assert.Equal("p0150n", dead.GetProperty("jid").GetString());
        Assert.Equal("MassTransit.Sidekiq.PoisonJob", dead.GetProperty("error_class").GetString());
        Assert.DoesNotContain(await redis.Keys(), key => key is "queue:crash" || IsClaim(key));
        Assert.Equal(200, (await Ruby.Page(redis, "/morgue")).Status);
    }

    static Task Push(RedisDatabase redis, int first, int count)
    {
        var jobs = Enumerable
            .Range(first, count)
            .Select(number =>
                (RedisValue)
                    $$$"""{"retry":true,"queue":"crash","args":[{"number":{{{number}}}}],"class":"CrashJob","jid":"{{{number:x24}}}","created_at":{{{TestClock.Pushed}}},"enqueued_at":{{{TestClock.Pushed}}}}"""
            );

        return redis.Db.ListLeftPushAsync("queue:crash", [.. jobs]);
    }

    static async Task<long> Claimed(RedisDatabase redis, int process)
    {
        var keys = (await redis.Keys()).Where(key => key.Contains($":{process}:", StringComparison.Ordinal));
        var count = 0L;
        foreach (var key in keys.Where(key => key.StartsWith("mt:working:", StringComparison.Ordinal)))
        {
            count += await redis.Db.HashLengthAsync(key);
        }

        return count;
    }

    static async Task<ChildProcess?> Holder(RedisDatabase redis, Fleet fleet)
    {
        foreach (var worker in fleet.Working)
        {
            if (await Claimed(redis, worker.Id) > 0)
            {
                return worker;
            }
        }

        return null;
    }

    static bool IsClaim(string key) =>
        key.StartsWith("mt:working:", StringComparison.Ordinal)
        || key.StartsWith("mt:landing:", StringComparison.Ordinal);

    static int Number(string job) => JsonElement.Parse(job).GetProperty("args")[0].GetProperty("number").GetInt32();

    [SidekiqJob("CrashJob")]
    public sealed record CrashJob(int Number);
}
