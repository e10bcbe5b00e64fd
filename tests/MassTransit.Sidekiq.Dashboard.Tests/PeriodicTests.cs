using System.Net;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class PeriodicTests
{
    [Fact]
    public async Task Schedule_is_told_in_words_and_a_job_has_a_page_with_its_last_runs()
    {
        await using var redis = await RedisServer.Lease();
        await Add(redis, "Shop:night/ly", "15 3 * * 1-5");
        await redis.Db.ListLeftPushAsync(
            "mt:periodic:runs:Shop:night/ly",
            $$"""{"at":"{{TestClock.Pushed}}","copies":1,"jobs":[["abc123","reports","Shop::Nightly"]]}"""
        );
        await using var site = await Site.Open(redis);

        var page = await site.Page("sidekiq/periodic");
        var job = await site.Page(Links.Of(page, "/sidekiq/periodic/").Single());

        Contains(page, "at 03:15 on weekdays", "15 3 * * 1-5");
        Contains(
            job,
            "Shop:night/ly",
            "at 03:15 on weekdays",
            "abc123",
            "Shop::Nightly",
            "?q=abc123",
            "Run Shop:night/ly now"
        );
        Contains(await site.Page(Links.Of(job, "/sidekiq/search?q=abc123").Single()), "Nothing that waits");
    }

    [Fact]
    public async Task Periodic_job_that_was_removed_is_told_to_be_gone()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);

        using var answer = await site.Visitor.GetAsync(
            new Uri("sidekiq/periodic/Shop:nightly", UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Whatever_a_periodic_job_and_its_runs_hold_is_shown_as_text()
    {
        const string evil = "<script>alert(1)</script><img src=x onerror=alert(1)>'";
        await using var redis = await RedisServer.Lease();
        await Add(redis, evil, evil);
        await redis.Db.ListLeftPushAsync(
            "mt:periodic:runs:" + evil,
            $$"""{"at":"1","copies":1,"jobs":[["{{evil}}","{{evil}}","{{evil}}"]]}"""
        );
        await using var site = await Site.Open(redis);

        foreach (var path in new[] { "", "/" + Uri.EscapeDataString(evil) })
        {
            var page = await site.Page("sidekiq/periodic" + path);
            Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        }
    }

    // Due months from now by the clock of the server.
    static async Task Add(RedisDatabase redis, string id, string cron)
    {
        await redis.Db.HashSetAsync(
            "mt:periodic:jobs",
            id,
            $$$"""{"cron":"{{{cron}}}","tz":"Etc/UTC","by":"Shop","queue":"reports","job":{"class":"Shop::Nightly","args":[]}}"""
        );
        await redis.Db.SortedSetAddAsync("mt:periodic", id, TestClock.Start.AddMonths(6).ToUnixTimeSeconds());
    }

    static void Contains(string page, params string[] parts) =>
        Assert.All(parts, part => Assert.Contains(part, WebUtility.HtmlDecode(page), StringComparison.Ordinal));
}
