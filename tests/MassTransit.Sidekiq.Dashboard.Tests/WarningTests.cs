using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public partial class WarningTests
{
    [Fact]
    public async Task Jobs_of_a_dead_process_are_told_with_their_process_and_queue()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.SetAddAsync("mt:owners", ["gone:7:a|orders", "idle:8:b|orders"]);
        await redis.Db.HashSetAsync("mt:working:gone:7:a:orders", "1", Jobs.Of("Pay", "1"));
        await using var site = await Site.Open(redis);

        Contains(
            await site.Page("sidekiq"),
            "1 job is claimed by processes whose lease has ended: gone:7:a (queue orders). Start a .NET worker"
        );

        await redis.Db.StringSetAsync("mt:alive:gone:7:a", 1, TimeSpan.FromMinutes(1));
        LacksWarningOf(await site.Page("sidekiq"), "lease");
    }

    [Fact]
    public async Task Due_jobs_that_nobody_moves_are_told_once_they_are_late()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Failed("Pay", "1", "Timeout"), DateTimeOffset.UnixEpoch);
        await redis.SeedScheduledSet(Jobs.Of("Remind", "2"), DateTimeOffset.UnixEpoch);
        await redis.SeedRetrySet(Jobs.Failed("Pay", "3", "Timeout"), TestClock.Start);
        await using var site = await Site.Open(redis);

        Contains(await site.Page("sidekiq"), "2 jobs are due for more than 60 s");

        await redis.Db.SortedSetRemoveRangeByScoreAsync("retry", 0, 0);
        await redis.Db.KeyDeleteAsync("schedule");
        LacksWarningOf(await site.Page("sidekiq"), "due for more");
    }

    [Fact]
    public async Task Subscription_that_nobody_serves_is_told_with_its_backlog()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"), Jobs.Of("Pay", "2"));
        await redis.Db.HashSetAsync("mt:topic:Shop:Ordered", [new("billing", ""), new("reply", "temporary")]);
        await redis.Db.HashSetAsync("mt:topic:Shop:Paid", "billing|Pay", "");
        await using var site = await Site.Open(redis);

        var page = await site.Page("sidekiq");

        Contains(
            page,
            "No process takes jobs from queue billing, where 2 jobs wait, and what is published to Shop:Ordered, Shop:Paid goes there."
        );
        Assert.Single(Notice().Matches(page), notice => notice.Value.Contains("billing", StringComparison.Ordinal));
        LacksWarningOf(page, "queue reply");
    }

    [Fact]
    public async Task Process_that_no_longer_beats_is_told_and_its_lease_is_shown_as_ended()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.SetAddAsync("processes", ["net:1:a", "ruby:2:b"]);
        await redis.Db.HashSetAsync(
            "net:1:a",
            [new("info", """{"version":"MassTransit.Sidekiq 1.0.0"}"""), new("beat", "1"), new("rtt_us", "1500")]
        );
        await redis.Db.HashSetAsync(
            "ruby:2:b",
            [new("info", """{"version":"8.1.7"}"""), new("beat", TestClock.Seconds(TestClock.Start))]
        );
        await using var site = await Site.Open(redis);

        Contains(await site.Page("sidekiq"), "No heartbeat for more than 30 s: net:1:a.");
        var running = await site.Page("sidekiq/running");
        Contains(running, "1.5 ms");
        Assert.Single(EndedLease().Matches(running));

        await redis.Db.StringSetAsync("mt:alive:net:1:a", 1, TimeSpan.FromMinutes(1));
        Assert.Empty(EndedLease().Matches(await site.Page("sidekiq/running")));
    }

    [Theory]
    [InlineData(6, true)]
    [InlineData(-6, true)]
    [InlineData(4, false)]
    public void Clock_that_differs_from_that_of_Redis_is_told_beyond_what_is_tolerable(int seconds, bool isTold)
    {
        var redis = new SidekiqRedisServer("redis", TimeSpan.Zero) { ClockSkew = TimeSpan.FromSeconds(seconds) };
        var findings = new Findings(
            new SidekiqOverview(new SidekiqStats(), [], []),
            redis,
            new SidekiqClaims([], IsComplete: true),
            new SidekiqTopicList([], IsComplete: true)
        );

        Assert.Equal(isTold, findings.Warnings().Any());
        Assert.All(
            findings.Warnings(),
            warning =>
                Assert.Contains(
                    seconds > 0 ? "6 s ahead of Redis's" : "6 s behind Redis's",
                    warning.What,
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public async Task Overview_reads_queues_and_processes_once()
    {
        await using var server = await RedisServer.StartOwn();
        await using var redis = server.Open();
        const int queues = 20;
        const int processes = 10;
        foreach (var number in Enumerable.Range(0, queues))
        {
            await redis.SeedQueue($"queue{number}", Jobs.Of("Pay", $"{number}"));
        }

        foreach (var number in Enumerable.Range(0, processes))
        {
            await redis.Db.SetAddAsync("processes", $"host:{number}:a");
            await redis.Db.HashSetAsync($"host:{number}:a", "info", "{}");
        }

        await using var site = await Site.Open(redis);
        await site.Page("sidekiq");

        // The sample that the first look begins has been taken.
        await Until(async () => (await site.Page("sidekiq/queues")).Contains("<polyline", StringComparison.Ordinal));
        foreach (var page in new[] { "", "/queues", "/running", "/topics", "/periodic", "/retries", "/metrics" })
        {
            var before = await Commands(redis);
            await site.Page("sidekiq" + page);
            var asked = await Commands(redis) - before;
            TestContext.Current.TestOutputHelper?.WriteLine($"{page}: {asked} commands");
            if (page.Length == 0)
            {
                // Two for each queue, two for each process, and a fixed number for all else.
                Assert.InRange(asked, 1, (2 * queues) + (2 * processes) + 25);
            }
        }
    }

    static async Task<long> Commands(RedisDatabase redis) =>
        long.Parse(
            Processed().Match((string)(await redis.Db.ExecuteAsync("INFO", "stats"))!).Groups[1].Value,
            CultureInfo.InvariantCulture
        );

    static void Contains(string page, params string[] parts) =>
        Assert.All(parts, part => Assert.Contains(part, Text(page), StringComparison.Ordinal));

    static void LacksWarningOf(string page, string what) =>
        Assert.DoesNotContain(Notice().Matches(page), notice => notice.Value.Contains(what, StringComparison.Ordinal));

    static string Text(string page) => WebUtility.HtmlDecode(Tag().Replace(page, ""));

    [GeneratedRegex("<p class=\"notice bad\" role=\"alert\">.*?</p>", RegexOptions.Singleline)]
    private static partial Regex Notice();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex("<span class=\"tag bad\">ended</span>")]
    private static partial Regex EndedLease();

    [GeneratedRegex(@"total_commands_processed:(\d+)")]
    private static partial Regex Processed();
}
