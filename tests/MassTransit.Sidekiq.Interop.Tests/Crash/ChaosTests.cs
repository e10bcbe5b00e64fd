using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Interop.Tests.Crash;

/// <summary>
/// Workers run numbered jobs while they and their Redis are killed, frozen, filled and cut off in an order that a seed decides.
/// SIDEKIQ_CHAOS_MINUTES makes it longer, SIDEKIQ_CHAOS_SEED repeats one: ./build.sh chaos.
/// </summary>
[Collection(nameof(Alone))]
public sealed class ChaosTests(ITestOutputHelper output)
{
    const int Slice = 500;

    static readonly TimeSpan lease = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task No_job_is_lost_whatever_happens_to_workers_and_Redis()
    {
        var seed = Setting("SIDEKIQ_CHAOS_SEED") is { } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        var minutes = double.Parse(Setting("SIDEKIQ_CHAOS_MINUTES") ?? "0.75", CultureInfo.InvariantCulture);
        output.WriteLine($"SIDEKIQ_CHAOS_SEED={seed}");
        var random = new Random(seed);
        await using var redis = await RedisServer.StartOwn(new RedisServerOptions { AppendOnly = true });
        // What ran is noted elsewhere: a job that cannot note it would be tried again, minutes later.
        await using var ledger = await RedisServer.Lease();
        await using var fleet = new Fleet(redis.Open(), lease, ledger);
        await fleet.Prepare(4);
        await fleet.Employ(3);

        var (started, pushed, harms) = (Stopwatch.GetTimestamp(), 0, new List<string>());
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(minutes))
        {
            await Push(redis.Open(), pushed, Slice);
            pushed += Slice;

            // An instant in the middle of the work, whichever it is.
            var ran = pushed - random.Next(1, Slice);
            await ledger.Until(async state => await state.Db.HashLengthAsync("ledger") >= ran);
            harms.Add(await Harm(redis, fleet, random));
        }

        await ledger.Until(async state => await state.Db.HashLengthAsync("ledger") >= pushed);
        await redis
            .Open()
            .Until(async state => (await state.Keys()).All(key => key is not "queue:crash" && !IsClaim(key)));
        output.WriteLine($"{pushed} jobs: {string.Join(", ", harms)}");
        Assert.Equal(pushed, await ledger.Db.HashLengthAsync("ledger"));
        Assert.Empty(await redis.Open().RetrySet());
        Assert.Empty(await redis.Open().DeadSet());
    }

    static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } set ? set : null;

    static async Task<string> Harm(RedisServer redis, Fleet fleet, Random random)
    {
        var worker = fleet.Working[random.Next(fleet.Working.Count)];
        // Shorter and longer than a lease.
        var time = TimeSpan.FromMilliseconds(random.Next(100, 2500));
        switch (random.Next(7))
        {
            case 0:
                await fleet.Kill(worker);
                await Task.WhenAll(fleet.Employ(1), fleet.Prepare(1));
                return "worker killed";

            case 1:
                worker.Send(UnixSignal.Stop);
                await Pass(time);
                worker.Send(UnixSignal.Continue);
                return $"worker frozen for {time.TotalMilliseconds} ms";

            case 2:
                await redis.Kill();
                await redis.Restart();
                return "Redis killed";

            case 3:
                redis.Pause();
                await Pass(time);
                redis.Resume();
                return $"Redis frozen for {time.TotalMilliseconds} ms";

            case 4:
                await redis.Open().Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
                await Pass(time);
                await redis.Open().Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
                return $"Redis full for {time.TotalMilliseconds} ms";

            case 5:
                await redis.Open().Db.ExecuteAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
                return "connections cut";

            default:
                await redis.Open().Db.ExecuteAsync("SCRIPT", "FLUSH");
                return "scripts forgotten";
        }
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

    // Processes of others live by the real clock.
    static Task Pass(TimeSpan time)
    {
        var began = Stopwatch.GetTimestamp();
        return Until(() => Stopwatch.GetElapsedTime(began) > time);
    }

    static bool IsClaim(string key) =>
        key.StartsWith("mt:working:", StringComparison.Ordinal)
        || key.StartsWith("mt:landing:", StringComparison.Ordinal);
}
