using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Inspecting;

public class MetricsTests
{
    static readonly DateTimeOffset now = TestClock.Today.AddHours(9).AddMinutes(5).AddSeconds(30);
    static readonly TimeSpan hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task What_this_process_counted_is_read_once_though_it_is_written_for_Sidekiq_7_and_8()
    {
        await using var redis = await RedisServer.Lease();
        var inspector = Inspector(redis);
        await Ran(redis, inspector, "Billing::Pay", now, (Milliseconds: 40, Failed: false), (90, false), (10, true));

        var metrics = Assert.Single(await inspector.Metrics(hour));

        Assert.Equal(new SidekiqClassMetrics("Billing::Pay", 3, 1, TimeSpan.FromMilliseconds(130)), metrics);
        Assert.Equal(TimeSpan.FromMilliseconds(65), metrics.Average);
    }

    [Fact]
    public async Task What_Ruby_counted_is_added_whichever_of_both_formats_it_writes()
    {
        await using var redis = await RedisServer.Lease();
        var inspector = Inspector(redis);
        await redis.Db.HashSetAsync(Minute7(now), [new("OnSeven|p", 5), new("OnSeven|f", 1), new("OnSeven|ms", 800)]);
        await redis.Db.HashSetAsync(
            Minute8(now.AddMinutes(-1)),
            [new("OnEight|p", 2), new("OnEight|ms", 500), new("urn:a|b|p", 1), new("junk", "x")]
        );

        var metrics = await inspector.Metrics(hour);

        Assert.Equal(["OnSeven", "OnEight", "junk", "urn:a|b"], metrics.Select(of => of.Class));
        Assert.Equal([5, 2, 0, 1], metrics.Select(of => of.Processed));
    }

    [Fact]
    public async Task Class_is_told_minute_by_minute_the_idle_ones_included()
    {
        await using var redis = await RedisServer.Lease();
        var inspector = Inspector(redis);
        await Ran(redis, inspector, "Pay", now, (40, false));
        await Ran(redis, inspector, "Pay", now.AddMinutes(-2), (40, false), (400, true));

        var metrics = await inspector.Metrics("Pay", TimeSpan.FromMinutes(4));

        Assert.Equal([0, 2, 0, 1], metrics.Points.Select(point => point.Processed));
        Assert.Equal([0, 1, 0, 0], metrics.Points.Select(point => point.Failed));
        Assert.Equal(TimeSpan.FromMinutes(1), metrics.Period);
        Assert.Equal(now.AddSeconds(-30), metrics.Points[^1].At);
    }

    [Fact]
    public async Task Percentile_is_the_bound_within_which_so_many_succeeded()
    {
        await using var redis = await RedisServer.Lease();
        var inspector = Inspector(redis);
        await Ran(
            redis,
            inspector,
            "Pay",
            now,
            [.. Enumerable.Repeat((40, false), 95), (200, false), .. Enumerable.Repeat((400_000, false), 4)]
        );

        var metrics = await inspector.Metrics("Pay", hour);

        Assert.Equal(26, metrics.Histogram.Count);
        Assert.Equal(100, metrics.Histogram.Sum());
        Assert.Equal(TimeSpan.FromMilliseconds(45), metrics.Percentile(0.5));
        Assert.Equal(TimeSpan.FromMilliseconds(45), metrics.Percentile(0.95));
        Assert.Equal(TimeSpan.FromMilliseconds(225), metrics.Percentile(0.96));
        Assert.Null(metrics.Percentile(1));
        Assert.Null((await inspector.Metrics("Other", hour)).Percentile(0.5));
    }

    [Fact]
    public async Task Above_eight_hours_ten_minutes_are_one_point()
    {
        await using var redis = await RedisServer.Lease();
        var inspector = Inspector(redis);
        await Ran(redis, inspector, "Pay", now, (40, false));
        await Ran(redis, inspector, "Pay", now.AddHours(-30), (40, false));

        var metrics = await inspector.Metrics("Pay", TimeSpan.FromHours(48));

        Assert.Equal(288, metrics.Points.Count);
        Assert.Equal(2, metrics.Points.Sum(point => point.Processed));
        Assert.Equal(1, metrics.Points[^1].Processed);
        Assert.Empty(metrics.Histogram);
        Assert.Equal(2, Assert.Single(await inspector.Metrics(TimeSpan.FromHours(48))).Processed);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(72 * 3600 + 1)]
    public async Task Time_that_Sidekiq_keeps_no_metrics_of_is_refused(int seconds)
    {
        await using var redis = await RedisServer.Lease();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            Inspector(redis).Metrics(TimeSpan.FromSeconds(seconds))
        );
    }

    static async Task Ran(
        RedisDatabase redis,
        SidekiqInspector inspector,
        string jobClass,
        DateTimeOffset at,
        params (int Milliseconds, bool Failed)[] jobs
    )
    {
        _ = inspector;
        var runtime = JobSetTests.Host(redis);
        var tally = new JobTally(runtime.Process.Stores.Stats);
        foreach (var (milliseconds, failed) in jobs)
        {
            tally.Ran(jobClass, TimeSpan.FromMilliseconds(milliseconds), failed);
        }

        await tally.Flush(at);
    }

    static SidekiqInspector Inspector(RedisDatabase redis)
    {
        var runtime = JobSetTests.Host(redis);
        runtime.Clock = new FakeClock(now);
        return new SidekiqInspector(runtime);
    }

    static RedisKey Minute7(DateTimeOffset time) => "j|" + MetricTimes.Minute7(time);

    static RedisKey Minute8(DateTimeOffset time) => "j|" + MetricTimes.Minute8(time);
}
