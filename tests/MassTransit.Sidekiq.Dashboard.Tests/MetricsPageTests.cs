using System.Net;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class MetricsPageTests
{
    [Fact]
    public async Task Deploy_is_a_line_on_the_chart_of_a_class_and_a_text_below_it()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);
        Assert.DoesNotContain("Deploys:", await site.Page("sidekiq/metrics/Pay"), StringComparison.Ordinal);

        var now = TimeProvider.System.GetUtcNow();
        await redis.Db.HashSetAsync($"{now:yyyyMMdd}-marks", $"{now:yyyy-MM-dd'T'HH:mm}:00Z", "<b>abc</b> Pay");
        var page = await site.Page("sidekiq/metrics/Pay");

        Assert.Contains("<title>&lt;b&gt;abc&lt;/b&gt; Pay</title><line", page, StringComparison.Ordinal);
        Assert.Contains("text-anchor=\"end\">&lt;b&gt;abc&lt;/b&gt; Pay</text>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", page, StringComparison.Ordinal);
        Assert.Equal(3, WebUtility.HtmlDecode(page).Split("<b>abc</b> Pay").Length - 1);
    }

    [Fact]
    public async Task Class_that_fails_most_leads_to_its_errors()
    {
        await using var redis = await RedisServer.Lease();
        var minute = $"j|{TimeProvider.System.GetUtcNow():yyMMdd'|'H:mm}";
        await redis.Db.HashSetAsync(
            minute,
            [
                new("Slow|p", 5),
                new("Slow|ms", 9000),
                new("A & B|p", 3),
                new("A & B|f", 3),
                new("Pay|p", 9),
                new("Pay|ms", 1),
            ]
        );
        await redis.SeedRetrySet(Jobs.Failed("A & B", "aaa1", "Timeout::Error"), TestClock.Start);
        await redis.SeedRetrySet(Jobs.Failed("Pay", "bbb1", "Refused"), TestClock.Start);
        await using var site = await Site.Open(redis);

        var page = await site.Page("sidekiq/metrics?sort=failed");
        var ofClass = await site.Page(Links.Of(page, "/sidekiq/metrics/").First());
        var retries = await site.Page(Links.Of(ofClass, "/sidekiq/retries?class=").Single());

        Assert.Equal(["aaa1"], Links.Jids(retries));
        Assert.Contains("Timeout::Error", retries, StringComparison.Ordinal);
        Assert.DoesNotContain("Refused", retries, StringComparison.Ordinal);
        Assert.DoesNotContain("retry-all", retries, StringComparison.Ordinal);
        Assert.Contains("hours=72&sort=failed", WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.StartsWith(
            "/sidekiq/metrics/Slow",
            Links.Of(await site.Page("sidekiq/metrics?sort=junk"), "/sidekiq/metrics/").First(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Class_is_sought_page_by_page_among_a_thousand_jobs_each()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.ScriptEvaluateAsync(
            """
            for i = 1, 2100 do
              local class = i % 70 == 0 and 'Rare' or 'Pay'
              redis.call('ZADD', 'retry', 4000000000 + i, '{"class":"' .. class .. '","args":[],"queue":"billing","jid":"' .. i .. '"}')
            end
            """
        );
        await using var site = await Site.Open(redis);

        var (seen, path, pages) = (new List<string>(), "?class=Rare", 0);
        while (path.Length > 0)
        {
            var page = await site.Page("sidekiq/retries" + path);
            seen.AddRange(Links.Jids(page));
            path = Links.Of(page, "?class=Rare&after=").FirstOrDefault() ?? "";
            pages++;
        }

        Assert.Equal(Enumerable.Range(1, 30).Select(job => $"{job * 70}"), seen);
        Assert.Equal(3, pages);
        Assert.Contains("none here", await site.Page("sidekiq/retries?class=Nobody"), StringComparison.Ordinal);
    }

    [Fact]
    public void Deploy_stands_where_its_time_is_on_the_chart()
    {
        var start = TestClock.Start;
        var points = Enumerable
            .Range(0, 60)
            .Select(minute => new SidekiqMetricsPoint(start.AddMinutes(minute), 0, 0, TimeSpan.Zero));
        var model = new MetricModel(
            1,
            new SidekiqJobMetrics("Pay", TimeSpan.FromMinutes(1), [.. points], []),
            [new SidekiqDeploy(start.AddMinutes(-1), "before"), new SidekiqDeploy(start.AddMinutes(15), "quarter")]
        );

        Assert.Equal([(0.25, "quarter")], model.Marks());
    }
}
