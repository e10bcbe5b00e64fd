using System.Globalization;
using System.Net;
using System.Text.Json;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class ApiTests
{
    [Fact]
    public async Task Script_reads_what_the_pages_show()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Billing::Pay", "aaa1", """[{"order":9007199254740993}]"""));
        await redis.SeedRetrySet(Jobs.Failed("Billing::Pay", "bbb1", "Timeout::Error"), TestClock.Start);
        await redis.SeedScheduledSet(Jobs.Of("Remind", "ccc1"), TestClock.Start);
        await redis.SeedDeadSet("no job", TestClock.Start);
        await redis.Db.HashSetAsync("mt:topic:Shop:Ordered", "ruby|Ship", "");
        await redis.Db.StringSetAsync("stat:processed", long.MaxValue);
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        var stats = await api.Get("stats");
        Assert.Equal(
            (1, 1, 1, 1),
            (Int(stats, "enqueued"), Int(stats, "retries"), Int(stats, "scheduled"), Int(stats, "dead"))
        );
        Assert.Equal(30, stats.GetProperty("days").GetArrayLength());
        Assert.NotNull(Text(stats.GetProperty("redis"), "version"));
        Assert.Contains("queue billing", stats.GetProperty("warnings").ToString(), StringComparison.Ordinal);
        // More than that a client in JavaScript would round.
        Assert.Equal((1L << 53) - 1, stats.GetProperty("processed").GetInt64());

        Assert.Equal("billing", Text(First(await api.Get("queues"), "queues"), "name"));
        var queue = await api.Get("queues/billing");
        Assert.Equal("""[{"order":9007199254740993}]""", Text(First(queue, "jobs"), "arguments"));
        Assert.Equal(1, Int(queue.GetProperty("queue"), "size"));

        var retries = await api.Get("retries");
        Assert.Equal("Timeout::Error", Text(First(retries.GetProperty("groups"), "groups"), "error"));
        var retry = First(retries, "jobs");
        Assert.Equal(
            ("bbb1", "no answer", 0),
            (Text(retry, "jid"), Text(retry, "errorMessage"), Int(retry, "retryCount"))
        );
        Assert.Equal("Remind", Text(First(await api.Get("scheduled"), "jobs"), "class"));
        var dead = First(await api.Get("dead"), "jobs");
        Assert.Null(Text(dead, "jid"));
        Assert.Equal("no job", Text(await api.Get("dead/" + Text(dead, "key")), "raw"));

        var topic = First(await api.Get("topics"), "topics");
        Assert.Equal(
            ("ruby", "Ship"),
            (Text(First(topic, "subscriptions"), "queue"), Text(First(topic, "subscriptions"), "class"))
        );
        Assert.False(First(topic, "subscriptions").GetProperty("isServed").GetBoolean());

        var found = First(await api.Get("search?q=ccc1"), "found");
        Assert.Equal(("schedule", "ccc1"), (Text(found, "place"), Text(found.GetProperty("job"), "jid")));
    }

    [Fact]
    public async Task Script_reads_what_is_used_of_limits_and_no_key_of_theirs_where_something_is_redacted()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.HashSetAsync("mt:limits", "stripe", $"window 100 1000000 {TestClock.Start.ToUnixTimeSeconds()}");
        await redis.Db.SortedSetAddAsync("mt:limit-keys:stripe", "ada", double.PositiveInfinity);
        await redis.Db.SortedSetAddAsync("mt:limit-waiting:stripe:ada", "billing\n1", 9e9);
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        var limit = First(await api.Get("limits"), "limits");
        Assert.Equal(
            ("stripe", "window", 100, 1),
            (Text(limit, "name"), Text(limit, "kind"), Int(limit, "most"), Int(limit, "periodSeconds"))
        );
        Assert.Equal(
            ("ada", 0, 1),
            (Text(First(limit, "uses"), "key"), Int(First(limit, "uses"), "used"), Int(First(limit, "uses"), "waiting"))
        );

        await using var redacted = await Site.Open(
            redis,
            new SiteOptions { Dashboard = options => options.Redact = _ => true }
        );
        limit = First(await (await Api.Of(redacted)).Get("limits"), "limits");
        Assert.Equal("hidden", Text(First(limit, "uses"), "key"));
    }

    [Fact]
    public async Task Script_reads_what_consumers_of_NET_do()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(
            redis,
            new SiteOptions
            {
                Bus = bus => bus.AddConsumer<FailingConsumer>(),
                Configure = cfg =>
                    cfg.Periodic("nightly", TestClock.CronMonthsAway, "Europe/Berlin", new Failing("tonight")),
            }
        );
        var api = await Api.Of(site);
        await redis.SeedQueue(
            "Failing",
            Jobs.Of("Shop::Failing", "eee1", """[{"text":"hello"}]""", ",\"backtrace\":true")
        );
        await redis.Retried();
        await Until(async () => (await api.Get("running")).GetProperty("processes").GetArrayLength() == 1);

        var process = First(await api.Get("running"), "processes");
        Assert.Contains("Failing", process.GetProperty("queues").ToString(), StringComparison.Ordinal);

        var key = Text(First(await api.Get("retries"), "jobs"), "key");
        var job = await api.Get($"retries/{key}");
        Assert.Contains("FailingConsumer", job.GetProperty("backtrace").ToString(), StringComparison.Ordinal);
        Assert.Contains("eee1", Text(job, "raw"), StringComparison.Ordinal);

        await Until(async () => (await api.Get("metrics")).GetProperty("classes").GetArrayLength() == 1);
        var name = Text(First(await api.Get("metrics?hours=3"), "classes"), "class")!;
        var metrics = await api.Get($"metrics/{Uri.EscapeDataString(name)}?hours=3");
        Assert.Equal(4, Int(metrics, "hours"));
        Assert.Equal(1, metrics.GetProperty("points").EnumerateArray().Sum(point => Int(point, "failed")));

        await Until(async () => (await api.Get("periodic")).GetProperty("jobs").GetArrayLength() == 1);
        var periodic = First(await api.Get("periodic"), "jobs");
        Assert.EndsWith("nightly", Text(periodic, "id"), StringComparison.Ordinal);
        Assert.Equal(5, periodic.GetProperty("nextRuns").GetArrayLength());
    }

    [Fact]
    public async Task Running_job_is_shown_with_the_process_that_runs_it_and_its_percentiles_with_its_class()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.SetAddAsync("processes", "ruby:1:abc");
        await redis.Db.HashSetAsync(
            "ruby:1:abc",
            [new("info", """{"hostname":"ruby","queues":["billing"]}"""), new("beat", "1"), new("busy", "1")]
        );
        var run = $$"""{"queue":"billing","payload":{{Jobs.Of("Pay", "1")}},"run_at":{{TestClock.Pushed}}}""";
        await redis.Db.HashSetAsync("ruby:1:abc:work", "tid", run);
        await redis.Db.HashSetAsync(
            "it-1",
            [new("ex", 3), new("c", "77"), new("rt", "9.5"), new("mt.done", 1200), new("mt.total", 5000)]
        );
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        var work = First(await api.Get("running"), "work");

        Assert.Equal(("ruby:1:abc", "Pay"), (Text(work, "process"), Text(work.GetProperty("job"), "class")));
        Assert.Equal(
            """{"runs":3,"runtimeSeconds":9.5,"done":1200,"total":5000}""",
            work.GetProperty("iteration").GetRawText()
        );
        Assert.Contains("1,200 of 5,000, run 3", await site.Page("sidekiq/running"), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, (await api.Get("metrics/Pay")).GetProperty("p95Seconds").ValueKind);
    }

    [Fact]
    public async Task Pages_of_a_set_and_of_a_queue_follow_one_another_and_hold_each_job_once()
    {
        await using var redis = await RedisServer.Lease();
        for (var i = 0; i < 60; i++)
        {
            await redis.SeedRetrySet(Jobs.Failed("Pay", $"job-{i:00}", "Refused"), TestClock.Start.AddSeconds(i / 20));
        }

        await redis.SeedQueue("billing", [.. Enumerable.Range(0, 60).Select(i => Jobs.Of("Pay", $"job-{i:00}"))]);
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        foreach (
            var (path, query, next) in new[] { ("retries", "after", "next"), ("queues/billing", "page", "nextPage") }
        )
        {
            var (seen, pages, more) = (new List<string?>(), 0, path);
            while (more.Length > 0)
            {
                var page = await api.Get(more);
                seen.AddRange(page.GetProperty("jobs").EnumerateArray().Select(job => Text(job, "jid")));
                var link = page.GetProperty(next);
                more = link.ValueKind == JsonValueKind.Null ? "" : $"{path}?{query}={link}";
                pages++;
            }

            Assert.Equal((3, 60, 60), (pages, seen.Count, seen.Distinct().Count()));
        }
    }

    [Fact]
    public async Task Question_that_makes_no_sense_is_answered_with_what_is_wrong()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);
        Task<string> Bad(string path) => api.Fails(HttpStatusCode.BadRequest, HttpMethod.Get, path);
        Task<string> Missing(string path) => api.Fails(HttpStatusCode.NotFound, HttpMethod.Get, path);

        Assert.Contains("from 1 to 400", await Bad("queues/billing?page=0"), StringComparison.Ordinal);
        Assert.Contains("from 1 to 72", await Bad("metrics?hours=soon"), StringComparison.Ordinal);
        Assert.Contains("not the key", await Bad("dead?after=soon"), StringComparison.Ordinal);
        Assert.Contains("no 'q'", await Bad("search"), StringComparison.Ordinal);
        Assert.Contains("no such job", await Missing("retries/0-0"), StringComparison.Ordinal);
        Assert.Contains("openapi.json", await Missing("nowhere"), StringComparison.Ordinal);
        Assert.Contains("GET /api/queues/a/clear", await Missing("queues/a/clear"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_that_is_redacted_tells_a_script_no_more_than_a_page()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(
            Jobs.Failed("Pay", "fff1", "Refused", "card 4111", """["secret"]""").TrimEnd('}')
                + ""","error_backtrace":["4111"]}""",
            TestClock.Start
        );
        await redis.SeedQueue("billing", Jobs.Of("Pay", "fff2", """["secret"]""", ""","tags":["secret"]"""));
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Dashboard = options => options.Redact = job => job.Class == "Pay" }
        );
        var api = await Api.Of(site);

        var set = await api.Get("retries");
        var all =
            $"{set} {await api.Get("retries/" + Text(First(set, "jobs"), "key"))} {await api.Get("queues/billing")} {await api.Get("search?q=fff")}";

        Assert.True(First(set, "jobs").GetProperty("isHidden").GetBoolean());
        Assert.DoesNotContain("secret", all, StringComparison.Ordinal);
        Assert.DoesNotContain("4111", all, StringComparison.Ordinal);
        Assert.Empty((await api.Get("search?q=secret")).GetProperty("found").EnumerateArray());
    }

    [Fact]
    public async Task Redis_that_is_away_is_told_to_who_reads_and_who_acts()
    {
        await using var server = await RedisServer.StartOwn();
        await using var redis = server.Open();
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);
        Assert.Equal(0, Int(await api.Get("stats"), "enqueued"));

        await server.Stop();
        await Until(async () =>
        {
            using var answer = await api.Send(HttpMethod.Get, "stats");
            return answer.StatusCode == HttpStatusCode.ServiceUnavailable;
        });
        Assert.NotEmpty(await api.Fails(HttpStatusCode.ServiceUnavailable, HttpMethod.Get, "retries"));
        Assert.NotEmpty(await api.Fails(HttpStatusCode.ServiceUnavailable, HttpMethod.Post, "queues/billing/pause"));
        Assert.StartsWith("6001 ", Assert.Single(site.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Script_finds_the_API_below_the_path_base_of_a_proxy()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis, new SiteOptions { PathBase = "/shop" });
        var api = await Api.Of(site, "shop/sidekiq/api");

        Assert.Equal("/shop/sidekiq/api", Text(First(api.Document, "servers"), "url"));
        await api.Post("queues/billing/pause");
        Assert.True(await redis.Db.SetContainsAsync("paused", "billing"));
    }

    static JsonElement First(JsonElement owner, string name) => owner.GetProperty(name)[0];

    static string? Text(JsonElement owner, string name) => owner.GetProperty(name).GetString();

    static long Int(JsonElement owner, string name) =>
        long.Parse(owner.GetProperty(name).ToString(), NumberStyles.Integer, CultureInfo.InvariantCulture);
}
