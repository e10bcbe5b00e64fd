using System.Net;
using System.Text;
using System.Text.Json;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Dashboard.Tests;

// What another client may have written: one such entry must not hide the page that lists it.
public class OddEntryTests
{
    const string Script = "<script>";
    const string Half = "\\ud800";

    const string Periodic =
        $$$"""{"cron":"30 2 * * *","tz":"Europe/Berlin","by":"{{{Script}}}","description":"{{{Script}}}","queue":"{{{Script}}}","job":{"class":"{{{Script}}}","args":[]}}""";

    static readonly string[] entries =
    [
        "",
        "{}",
        "null",
        """{"class":null,"args":null,"queue":null,"jid":null}""",
        """{"class":[],"args":{},"queue":7,"jid":[],"tags":"x","error_class":{}}""",
        """{"class":"","args":[],"queue":"","jid":"","error_class":"","retry_count":-9223372036854775808}""",
        $$"""{"class":"{{Half}}","args":["{{Half}}"],"queue":"{{Half}}","jid":"{{Half}}","tags":["{{Half}}"],"error_class":"{{Half}}","error_message":"{{Half}}"}""",
        $$"""{"class":"{{Script}}","args":["</textarea>{{Script}}"],"queue":"a/../b?c#d{{Script}}","jid":"\r\n*[?]{{Script}}","tags":["{{Script}}"],"error_class":"{{Script}}","error_message":"{{Script}}","failed_at":1e300,"created_at":-1e300,"expires_in":1e300}""",
        """{"class":"X","args":[1],"enqueued_at":253402300799,"retried_at":-62135596800,"failed_at":9e18,"expires_in":1e-300,"mt":{"id":"x","exp":1e300,"ct":"!"}}""",
    ];

    static readonly byte[] notUtf8 = Bytes(
        "{\"class\":\"\xff\",\"args\":[\"\xff\"],\"queue\":\"\xff\",\"jid\":\"\xff\"}"
    );

    [Theory]
    [InlineData("retries", "retry")]
    [InlineData("scheduled", "schedule")]
    [InlineData("dead", "dead")]
    public async Task Entry_of_any_kind_is_shown_in_its_set_and_on_its_page(string path, string key)
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.SortedSetAddAsync(key, [.. entries.Select(entry => new SortedSetEntry(entry, 1))]);
        await redis.Db.SortedSetAddAsync(
            key,
            [new(notUtf8, 1), new("far", double.PositiveInfinity), new("long ago", double.NegativeInfinity)]
        );
        await using var site = await Site.Open(redis);

        var page = await Read(site, path);
        await Read(site, $"api/{path}");
        var links = Links.Of(page, $"/sidekiq/{path}/").Select(link => link["/sidekiq/".Length..]).ToArray();

        Assert.Equal(entries.Length + 3, links.Length);
        foreach (var link in links)
        {
            await Read(site, link);
            await Read(site, $"api/{link}");
        }
    }

    [Fact]
    public async Task Queue_process_and_topic_of_any_kind_are_shown_on_their_pages()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", entries);
        await redis.Db.ListLeftPushAsync("queue:billing", notUtf8);
        await redis.Db.SetAddAsync("queues", [Bytes("\xff"), "", Script, "a/b", ".."]);
        await redis.Db.SetAddAsync("processes", [Script, "", Bytes("\xff")]);
        await redis.Db.HashSetAsync(
            Script,
            [
                new(
                    "info",
                    $$"""{"hostname":"{{Script}}","started_at":1e300,"queues":["{{Script}}",7],"tag":"{{Script}}"}"""
                ),
                new("beat", "1e300"),
                new("rss", "-9"),
                new("rtt_us", "x"),
                new("busy", "99999999999999999999"),
            ]
        );
        await redis.Db.HashSetAsync($"{Script}:work", [.. entries.Select(Work)]);
        await redis.Db.HashSetAsync($"mt:topic:{Script}", [new(Script, Script), new("|", "|"), new("", "")]);
        await using var site = await Site.Open(redis);

        foreach (var path in new[] { "queues", "queues/billing", "running", "topics", "search?q=a" })
        {
            await Read(site, path);
            await Read(site, $"api/{path}");
        }

        await Read(site, "");
        await Read(site, "api/stats");
    }

    [Fact]
    public async Task Periodic_job_of_any_kind_is_shown_with_its_runs()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.SortedSetAddAsync(
            "mt:periodic",
            [new("far", double.PositiveInfinity), new("long ago", double.NegativeInfinity), new(Script, 1)]
        );
        foreach (var id in new[] { "far", "long ago", Script, "a/b" })
        {
            await redis.Db.HashSetAsync("mt:periodic:jobs", id, id == Script ? Script : Periodic);
            await redis.Db.HashSetAsync("mt:periodic:last", id, "inf");
            await redis.Db.ListLeftPushAsync(
                "mt:periodic:runs:" + id,
                [$$"""{"at":"inf","copies":1,"jobs":[["{{Script}}","{{Script}}","{{Script}}"]]}""", "x"]
            );
        }

        await using var site = await Site.Open(redis);

        var page = await Read(site, "periodic");
        await Read(site, "api/periodic");
        var links = Links.Of(page, "/sidekiq/periodic/").Select(link => link["/sidekiq/".Length..]).ToArray();

        Assert.Equal(4, links.Length);
        foreach (var link in links)
        {
            await Read(site, link);
            await Read(site, $"api/{link}");
        }
    }

    // What people type, and what a crawler makes up.
    [Theory]
    [InlineData("metrics//")]
    [InlineData("metrics/%2F")]
    [InlineData("metrics/%00?hours=-1")]
    [InlineData("periodic/%2F")]
    [InlineData("periodic/%00")]
    [InlineData("queues/%00?page=99999999999")]
    [InlineData("search?q=%00%ff")]
    [InlineData("retries?after=%00-%00&class=%00&class=b")]
    [InlineData("retries/9223372036854775807-x")]
    [InlineData("?done=%ff%00<script>&failed=1")]
    public async Task Address_that_leads_nowhere_is_no_fault_of_the_application(string path)
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Of("Pay", "1"), TestClock.Start);
        await using var site = await Site.Open(redis);

        await Read(site, path);
        await Read(site, $"api/{path}");
    }

    static HashEntry Work(string entry, int index) =>
        new(
            $"t{index}",
            $$"""{"queue":"{{Script}}","run_at":{{(index % 2 == 0 ? "1e300" : "-1e300")}},"payload":{{JsonSerializer.Serialize(entry)}}}"""
        );

    static async Task<string> Read(Site site, string path)
    {
        using var answer = await site
            .Visitor.GetAsync(new Uri($"sidekiq/{path}", UriKind.Relative), TestContext.Current.CancellationToken)
            .InTime();
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode < HttpStatusCode.InternalServerError, $"{path}: {answer.StatusCode}");
        Assert.DoesNotContain(Script, text, StringComparison.Ordinal);
        return text;
    }

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
