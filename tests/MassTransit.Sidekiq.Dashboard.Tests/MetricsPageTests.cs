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
