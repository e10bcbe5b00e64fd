using System.Globalization;

namespace MassTransit.Sidekiq.Tests.Redis;

public class StatStoreTests
{
    // Of one digit each: day, hour and minute.
    static readonly DateTimeOffset Now =
        TestClock.Today.AddDays(3 - TestClock.Today.Day).AddMonths(1) + new TimeSpan(9, 5, 59);

    static readonly string Date = InKey("yyyy-MM-dd");
    static readonly string LongDay = InKey("yyyyMMdd");
    static readonly string ShortDay = InKey("yyMMdd");

    [Fact]
    public async Task Counts_go_to_the_keys_of_each_Sidekiq_with_its_times_to_live()
    {
        await using var steps = await RedisSteps.Open(prefix: "myapp:");
        var store = new StatStore(steps.Connection, steps.Keys);

        Assert.True(await store.Add(Counts(number: 1), Now));

        var state = await steps.Redis.Snapshot();
        Assert.Equal(
            [
                "myapp:Shop::Pay-03-09:5",
                "myapp:host:1:a",
                "myapp:h|Shop::Pay-3-9:5",
                $"myapp:j|{LongDay}|9:5",
                $"myapp:j|{ShortDay}|9:0",
                $"myapp:j|{ShortDay}|9:05",
                "myapp:stat:failed",
                $"myapp:stat:failed:{Date}",
                "myapp:stat:processed",
                $"myapp:stat:processed:{Date}",
            ],
            state.Keys
        );
        const string Metrics =
            "hash (expires) [\n  Shop::Fail|f = 2,\n  Shop::Fail|p = 2,\n  Shop::Pay|ms = 90,\n  Shop::Pay|p = 5\n]";
        Assert.Equal(Metrics, state[$"myapp:j|{LongDay}|9:5"]);
        Assert.Equal(Metrics, state[$"myapp:j|{ShortDay}|9:05"]);
        Assert.Equal(Metrics, state[$"myapp:j|{ShortDay}|9:0"]);
        Assert.Equal("string 7", state["myapp:stat:processed"]);
        Assert.Equal("string (expires) 2", state[$"myapp:stat:failed:{Date}"]);
        Assert.Equal(
            [
                ("myapp:Shop::Pay-03-09:5", 28_800),
                ("myapp:h|Shop::Pay-3-9:5", 28_800),
                ($"myapp:j|{LongDay}|9:5", 28_800),
                ($"myapp:j|{ShortDay}|9:0", 259_200),
                ($"myapp:stat:processed:{Date}", 157_680_000),
            ],
            await TimesToLive(
                steps,
                "myapp:Shop::Pay-03-09:5",
                "myapp:h|Shop::Pay-3-9:5",
                $"myapp:j|{LongDay}|9:5",
                $"myapp:j|{ShortDay}|9:0",
                $"myapp:stat:processed:{Date}"
            )
        );
        Assert.Equal((4, 1, 0), await Buckets(steps, "myapp:h|Shop::Pay-3-9:5"));
        Assert.Equal((4, 1, 0), await Buckets(steps, "myapp:Shop::Pay-03-09:5"));
    }

    [Fact]
    public async Task Flush_that_is_sent_again_counts_once()
    {
        await using var steps = await RedisSteps.Open();
        var store = new StatStore(steps.Connection, steps.Keys);

        Assert.True(await store.Add(Counts(number: 1), Now));
        Assert.False(await store.Add(Counts(number: 1), Now));
        Assert.True(await store.Add(Counts(number: 2), Now));

        Assert.Equal(14, await steps.Redis.Db.StringGetAsync("stat:processed"));
        Assert.Equal(4, await steps.Redis.Db.StringGetAsync($"stat:failed:{Date}"));
        Assert.Equal((8, 2, 0), await Buckets(steps, "h|Shop::Pay-3-9:5"));
    }

    [Fact]
    public async Task Counts_that_Redis_did_not_take_go_with_the_next_flush()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(redis);
        var tally = new JobTally(new StatStore(steps.Connection, steps.Keys));
        tally.Ran("Shop::Pay", TimeSpan.FromMilliseconds(45), hasFailed: false);
        await tally.Flush(Now);
        tally.Ran("Shop::Pay", TimeSpan.FromMilliseconds(44), hasFailed: false);

        await redis.Stop();
        await Assert.ThrowsAsync<ConnectionException>(() => tally.Flush(Now));
        tally.Ran("Shop::Pay", TimeSpan.FromSeconds(400), hasFailed: true);
        tally.Ran(knownClass: null, TimeSpan.Zero, hasFailed: true);
        await redis.Restart();
        await steps.Connection.Connected(TestContext.Current.CancellationToken).InTime();
        await tally.Flush(Now);
        await tally.Flush(Now);
        await tally.Flush(Now);

        // The server came back empty, so that the first flush is gone.
        var db = redis.Open().Db;
        Assert.Equal(3, await db.StringGetAsync("stat:processed"));
        Assert.Equal(2, await db.StringGetAsync("stat:failed"));
        Assert.Equal(44, await db.HashGetAsync($"j|{ShortDay}|9:05", "Shop::Pay|ms"));
        Assert.Equal(2, await db.HashGetAsync($"j|{ShortDay}|9:05", "Shop::Pay|p"));
        Assert.Equal(1, await db.HashGetAsync($"j|{ShortDay}|9:05", "Shop::Pay|f"));
    }

    static string InKey(string format) => Now.ToString(format, CultureInfo.InvariantCulture);

    static JobCounts Counts(long number) =>
        new(
            number,
            Processed: 7,
            Failed: 2,
            [new ClassCounts("Shop::Pay", 5, 0, 90, [(0, 4), (2, 1)]), new ClassCounts("Shop::Fail", 2, 2, 0, [])]
        );

    static async Task<(long First, long Third, long Last)> Buckets(RedisSteps steps, string key)
    {
        var counts = (long[])
            (
                await steps.Redis.Db.ExecuteAsync(
                    "BITFIELD",
                    key,
                    "GET",
                    "u16",
                    "#0",
                    "GET",
                    "u16",
                    "#2",
                    "GET",
                    "u16",
                    "#25"
                )
            )!;
        return (counts[0], counts[1], counts[2]);
    }

    static async Task<(string, int)[]> TimesToLive(RedisSteps steps, params string[] keys)
    {
        var found = new List<(string, int)>();
        foreach (var key in keys)
        {
            var life = await steps.Redis.Db.KeyTimeToLiveAsync(key);
            found.Add((key, (int)Math.Round(life!.Value.TotalSeconds / 10) * 10));
        }

        return [.. found];
    }
}
