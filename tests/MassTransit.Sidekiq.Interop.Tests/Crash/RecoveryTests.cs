using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Interop.Tests.Crash;

/// <summary>How soon the jobs of a killed process are with others: long before its lease of 15 s ends.</summary>
[Collection(nameof(Alone))]
public sealed class RecoveryTests(ITestOutputHelper output)
{
    // More than one process takes at once.
    const int Held = 30;

    static readonly TimeSpan lease = TimeSpan.FromSeconds(15);
    static readonly TimeSpan limit = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Jobs_of_a_killed_process_are_with_others_within_five_seconds_even_if_it_was_the_one_that_watched()
    {
        await using var redis = await RedisServer.Lease();
        await using var fleet = new Fleet(redis, lease);
        await fleet.Prepare(3);
        await fleet.Employ(3);
        await redis.Db.ListLeftPushAsync("queue:limited", [.. Enumerable.Range(0, Held).Select(Job)]);
        await redis.Until(async state => await state.Db.ListLengthAsync("queue:limited") == 0);
        // Before Redis has run for a lease nobody is taken for dead, and each process looks only three times in one.
        await redis.Until(async state => await Uptime(state) > lease + lease / 3);
        // A process that watched alone looks for others three times in a lease too; they ask four times a second when it knows them.
        var asked = await Asked(redis);
        await redis.Until(async state => await Asked(state) > asked + 40);

        foreach (var watches in new[] { false, true })
        {
            ChildProcess? victim = null;
            await redis.Until(async state => (victim = await Holder(state, fleet, watches)) is not null);
            var process = victim!.Id;
            var held = await Claimed(redis, process);
            var killed = Stopwatch.GetTimestamp();
            await fleet.Kill(victim);

            await redis.Until(async state => await Claimed(state, process) == 0);
            var took = Stopwatch.GetElapsedTime(killed);
            var what = watches ? "watched" : "was watched";
            output.WriteLine($"{held} jobs of a process that {what} back after {took.TotalSeconds:F2} s");
            Assert.InRange(took, TimeSpan.Zero, limit);
        }
    }

    // It takes longer than the test.
    static RedisValue Job(int number) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"retry":true,"queue":"limited","args":[{"number":{{number}},"milliseconds":60000}],"class":"LimitedJob","jid":"{{number:x24}}","created_at":1.5}"""
        );

    // A worker with jobs in hand that watches for dead ones, or does not.
    static async Task<ChildProcess?> Holder(RedisDatabase redis, Fleet fleet, bool watches)
    {
        var watcher = (await redis.Db.StringGetAsync("mt:rescuer")).ToString();
        foreach (var worker in fleet.Working.Where(_ => watcher.Length > 0))
        {
            if (
                watcher.Contains($":{worker.Id}:", StringComparison.Ordinal) == watches
                && await Claimed(redis, worker.Id) > 0
            )
            {
                return worker;
            }
        }

        return null;
    }

    static async Task<long> Claimed(RedisDatabase redis, int process)
    {
        var count = 0L;
        foreach (var key in await redis.Keys())
        {
            if (
                key.StartsWith("mt:working:", StringComparison.Ordinal)
                && key.Contains($":{process}:", StringComparison.Ordinal)
            )
            {
                count += await redis.Db.HashLengthAsync(key);
            }
        }

        return count;
    }

    static async Task<int> Asked(RedisDatabase redis)
    {
        var info = (string?)await redis.Db.ExecuteAsync("INFO", "commandstats") ?? "";
        var calls = RedisInfo.Field(info, "cmdstat_client|list:calls=");
        return calls.Length == 0 ? 0 : int.Parse(calls.Split(',')[0], CultureInfo.InvariantCulture);
    }

    static async Task<TimeSpan> Uptime(RedisDatabase redis)
    {
        var info = (string?)await redis.Db.ExecuteAsync("INFO", "server") ?? "";
        return TimeSpan.FromSeconds(
            int.Parse(RedisInfo.Field(info, "uptime_in_seconds:"), CultureInfo.InvariantCulture)
        );
    }
}
