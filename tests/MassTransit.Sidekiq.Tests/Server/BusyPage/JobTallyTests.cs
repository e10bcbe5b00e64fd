using MassTransit.Sidekiq.Tests.Redis;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class JobTallyTests : IAsyncLifetime
{
    RedisSteps steps = null!;
    JobTally tally = null!;

    public async ValueTask InitializeAsync()
    {
        steps = await RedisSteps.Open();
        tally = new JobTally(new StatStore(steps.Connection, steps.Keys));
    }

    public ValueTask DisposeAsync() => steps.DisposeAsync();

    [Fact]
    public async Task Flush_takes_what_has_run_since_the_last_by_class()
    {
        tally.Ran("Pay", TimeSpan.FromMilliseconds(30), hasFailed: false);
        tally.Ran("Pay", TimeSpan.FromMilliseconds(12), hasFailed: false);
        tally.Ran("Mail", TimeSpan.FromMilliseconds(5), hasFailed: false);
        await Flush();
        Assert.Equal((3, 0), await Totals());
        Assert.Equal(["Mail|ms = 5", "Mail|p = 1", "Pay|ms = 42", "Pay|p = 2"], await Metrics());

        tally.Ran("Mail", TimeSpan.FromMilliseconds(5), hasFailed: false);
        await Flush();

        Assert.Equal((4, 0), await Totals());
        Assert.Equal(["Mail|ms = 10", "Mail|p = 2", "Pay|ms = 42", "Pay|p = 2"], await Metrics());
    }

    [Fact]
    public async Task Failed_job_counts_as_processed_and_has_no_time()
    {
        tally.Ran("Pay", TimeSpan.FromMilliseconds(30), hasFailed: true);

        await Flush();

        Assert.Equal((1, 1), await Totals());
        Assert.Equal(["Pay|f = 1", "Pay|p = 1"], await Metrics());
        Assert.DoesNotContain(await steps.Redis.Keys(), key => key.StartsWith("h|", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Job_of_a_class_that_nobody_knows_counts_without_metrics()
    {
        tally.Ran(knownClass: null, TimeSpan.FromMilliseconds(30), hasFailed: true);

        await Flush();

        Assert.Equal((1, 1), await Totals());
        Assert.DoesNotContain(await steps.Redis.Keys(), key => key.StartsWith("j|", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Flush_writes_nothing_while_nothing_has_run()
    {
        await Flush();
        Assert.True(await steps.Redis.IsEmpty());

        tally.Ran("Pay", TimeSpan.Zero, hasFailed: false);
        await Flush();
        var before = await steps.Redis.Snapshot();
        await Flush();

        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Fact]
    public async Task Time_falls_into_the_bucket_that_Sidekiqs_histogram_has_for_it()
    {
        // The first of a bucket, and the last.
        (int Milliseconds, int Bucket)[] times =
        [
            (0, 0),
            (19, 0),
            (20, 1),
            (29, 1),
            (30, 2),
            (99, 4),
            (100, 5),
            (999, 10),
            (1_000, 10),
            (1_100, 11),
            (334_999, 24),
            (335_000, 25),
            (int.MaxValue, 25),
        ];
        foreach (var (milliseconds, _) in times)
        {
            tally.Ran("Pay", TimeSpan.FromMilliseconds(milliseconds), hasFailed: false);
        }

        await Flush();

        var counts = new long[26];
        foreach (var (_, bucket) in times)
        {
            counts[bucket]++;
        }

        Assert.Equal(counts, await Histogram());
    }

    [Fact]
    public async Task Nothing_is_lost_or_counted_twice_when_jobs_end_during_a_flush()
    {
        const int Jobs = 20_000;
        var jobs = Task.Run(() =>
            Parallel.For(0, Jobs, job => tally.Ran("Pay", TimeSpan.FromMilliseconds(1), hasFailed: job % 10 == 0))
        );

        while (!jobs.IsCompleted)
        {
            await Flush();
        }

        await jobs.InTime();
        await Flush();

        Assert.Equal((Jobs, Jobs / 10), await Totals());
        Assert.Equal([$"Pay|f = {Jobs / 10}", $"Pay|ms = {Jobs * 9 / 10}", $"Pay|p = {Jobs}"], await Metrics());
        Assert.Equal(Jobs * 9 / 10, (await Histogram())[0]);
    }

    Task Flush() => tally.Flush(RedisSteps.Now);

    async Task<(long Processed, long Failed)> Totals() =>
        (
            (long)await steps.Redis.Db.StringGetAsync("stat:processed"),
            (long)await steps.Redis.Db.StringGetAsync("stat:failed")
        );

    async Task<string[]> Metrics()
    {
        var fields = await steps.Redis.Db.HashGetAllAsync(await Key("j|20"));
        return [.. fields.Select(field => $"{field.Name} = {field.Value}").Order(StringComparer.Ordinal)];
    }

    async Task<long[]> Histogram()
    {
        var asked = Enumerable.Range(0, 26).SelectMany(bucket => new object[] { "GET", "u16", $"#{bucket}" });
        object[] arguments = [(RedisKey)await Key("h|Pay-"), .. asked];

        return (long[])(await steps.Redis.Db.ExecuteAsync("BITFIELD", arguments))!;
    }

    async Task<string> Key(string beginning) =>
        (await steps.Redis.Keys()).First(key => key.StartsWith(beginning, StringComparison.Ordinal));
}
