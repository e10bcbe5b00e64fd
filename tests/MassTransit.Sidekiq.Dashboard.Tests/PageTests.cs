using System.Net;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class PageTests
{
    [Fact]
    public async Task Pages_show_what_waits_runs_and_failed_whoever_sent_it()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Billing::Pay", "aaa1", """[{"order":"A-17"}]"""));
        await redis.SeedRetrySet(Jobs.Failed("Billing::Pay", "bbb1", "Timeout::Error"), TestClock.Start);
        await redis.SeedScheduledSet(Jobs.Of("Remind", "ccc1"), TestClock.Start);
        await redis.SeedDeadSet(Jobs.Failed("Ship", "ddd1", "Refused"), TestClock.Start);
        await redis.Db.HashSetAsync("mt:topic:Shop:Ordered", "ruby|Ship", "");
        await redis.Db.HashSetAsync("mt:limits", "stripe", $"concurrent 5 0 {TestClock.Start.ToUnixTimeSeconds()}");
        await redis.Db.SortedSetAddAsync("mt:limit:stripe", "process:1", double.PositiveInfinity);
        await redis.Db.SortedSetAddAsync("mt:limit-waiting:stripe", [new("billing\n1", 9e9), new("billing\n2", 9e9)]);
        await using var site = await Site.Open(redis);

        Contains(
            await site.Page("sidekiq"),
            "Enqueued",
            "Redis",
            "No process takes jobs from queue billing, where 1 job waits."
        );
        Contains(
            await site.Page("sidekiq/queues"),
            "billing",
            "nobody",
            "value=\"pause\" formaction=\"/sidekiq/queues/billing\""
        );
        Contains(await site.Page("sidekiq/queues/billing"), "Billing::Pay", "A-17", "aaa1");
        Contains(await site.Page("sidekiq/retries"), "By class and error", "Timeout::Error", "no answer");
        Contains(await site.Page("sidekiq/scheduled"), "Remind", "in ");
        Contains(await site.Page("sidekiq/dead"), "Ship", "Refused");
        Contains(await site.Page("sidekiq/topics"), "Shop:Ordered", "ruby", "nobody serves it");
        Contains(await site.Page("sidekiq/running"), "Processes");
        Contains(await site.Page("sidekiq/periodic"), "No periodic jobs");
        Contains(await site.Page("sidekiq/limits"), "stripe", "5 at once", "1 of 5", "2 jobs wait");
        Contains(await site.Page("sidekiq/metrics"), "No job has run in this time");
        Contains(await site.Page("sidekiq/search?q=ddd1"), "1 job has", "dead", "Ship");
        Contains(await site.Page("sidekiq/search?q=nowhere"), "Nothing that waits");
    }

    [Fact]
    public async Task Consumer_of_NET_is_seen_with_its_queue_its_topic_its_metrics_and_its_failure()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Bus = bus => bus.AddConsumer<FailingConsumer>() }
        );
        await redis.Until(async state => (await state.Db.SetMembersAsync("processes")).Length == 1);
        await redis.SeedQueue(
            "Failing",
            Jobs.Of("Shop::Failing", "eee1", """[{"text":"hello"}]""", ",\"backtrace\":true")
        );
        await redis.Retried();

        var set = await site.Page("sidekiq/retries");
        Contains(set, "System.InvalidOperationException", "it does not work");
        var job = await site.Page(
            Links.Of(set, "/sidekiq/retries/").Single(link => link.Contains('-', StringComparison.Ordinal))
        );
        Contains(job, "eee1", "FailingConsumer", "hello", "The job as it is stored");
        Contains(await site.Page("sidekiq/running"), "Failing", "Quiet");
        await Until(async () => (await site.Page("sidekiq/metrics")).Contains("/metrics/", StringComparison.Ordinal));
        Contains(
            await site.Page(Links.Of(await site.Page("sidekiq/metrics"), "/sidekiq/metrics/").First()),
            "Runs and failures",
            "<rect"
        );
    }

    [Fact]
    public async Task Whatever_stands_in_a_job_is_shown_as_text()
    {
        const string evil = "<script>alert(1)</script><img src=x onerror=alert(1)>'";
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of(evil, evil, $"[\"{evil}\"]", $$""","tags":["{{evil}}"]"""));
        await redis.Db.SetAddAsync("queues", evil);
        await redis.SeedRetrySet(Jobs.Failed(evil, evil, evil, evil), TestClock.Start);
        await redis.SeedDeadSet(evil, TestClock.Start);
        await redis.Db.HashSetAsync("mt:topic:" + evil, evil, evil);
        await redis.Db.SetAddAsync("processes", evil);
        await redis.Db.HashSetAsync(
            evil,
            [
                new("info", $$"""{"hostname":"{{evil}}","tag":"{{evil}}","queues":["{{evil}}"]}"""),
                new("beat", "1"),
                new("busy", "0"),
            ]
        );
        await redis.Db.HashSetAsync("mt:limits", evil, $"window 5 1000000 {TestClock.Start.ToUnixTimeSeconds()}");
        await redis.Db.SortedSetAddAsync("mt:limit-keys:" + evil, evil, double.PositiveInfinity);
        await using var site = await Site.Open(redis);

        foreach (
            var path in new[]
            {
                "",
                "queues",
                "queues/billing",
                "queues/" + Uri.EscapeDataString(evil),
                "retries",
                "dead",
                "topics",
                "limits",
                "running",
                "metrics",
                "metrics/" + Uri.EscapeDataString(evil),
                "search?q=" + Uri.EscapeDataString(evil),
                "queues?done=" + Uri.EscapeDataString(evil),
            }
        )
        {
            var page = await site.Page("sidekiq/" + path);
            Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        }

        Assert.Contains("&lt;script&gt;", await site.Page("sidekiq/queues/billing"), StringComparison.Ordinal);
        var link = Links.Of(await site.Page("sidekiq/retries"), "/sidekiq/retries/").First();
        Assert.DoesNotContain("<img", await site.Page(link), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redacted_job_shows_its_class_and_hides_what_it_is_about_from_pages_and_searches()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Failed("Pay", "fff1", "Refused", "card 4111", """["secret"]"""), TestClock.Start);
        await redis.SeedQueue("billing", Jobs.Of("Pay", "fff2", """["secret"]"""));
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Dashboard = options => options.Redact = job => job.Class == "Pay" }
        );

        var set = await site.Page("sidekiq/retries");
        var all =
            set
            + await site.Page(Links.Of(set, "/sidekiq/retries/").First())
            + await site.Page("sidekiq/queues/billing");

        Contains(all, "Pay", "fff1", "hidden");
        Assert.DoesNotContain("secret", all, StringComparison.Ordinal);
        Assert.DoesNotContain("4111", all, StringComparison.Ordinal);
        Contains(await site.Page("sidekiq/search?q=4111"), "Nothing that waits");
        Contains(await site.Page("sidekiq/search?q=fff1"), "1 job has");
    }

    [Fact]
    public async Task Set_is_turned_page_by_page_and_each_job_stands_on_one_of_them()
    {
        await using var redis = await RedisServer.Lease();
        for (var i = 0; i < 60; i++)
        {
            // Many share a time.
            await redis.SeedRetrySet(Jobs.Failed("Pay", $"job-{i:00}.", "Refused"), TestClock.Start.AddSeconds(i / 20));
        }

        await using var site = await Site.Open(redis);
        var (seen, path) = (new List<string>(), "sidekiq/retries");
        for (var pages = 0; pages < 3; pages++)
        {
            var page = await site.Page(path);
            seen.AddRange(Links.Jids(page));
            path = "sidekiq/retries" + Links.Next(page);
        }

        Assert.Equal(60, seen.Distinct().Count());
        Assert.Equal(60, seen.Count);
    }

    [Fact]
    public async Task Links_lead_below_the_path_base_of_a_proxy()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis, new SiteOptions { PathBase = "/shop" });

        var page = await site.Page("shop/sidekiq");

        Contains(page, "href=\"/shop/sidekiq/queues\"", "href=\"/shop/sidekiq/assets/dashboard.css?v=");
        Assert.DoesNotContain("\"/sidekiq", page, StringComparison.Ordinal);
        Contains(await site.Page("shop/sidekiq/queues"), "aria-current=\"page\"");
        Contains(await site.Page(Links.Of(page, "/shop/sidekiq/assets/dashboard.css").Single()), "color-scheme");
    }

    [Fact]
    public async Task Dashboard_of_a_further_bus_shows_what_that_bus_has()
    {
        await using var first = await RedisServer.Lease();
        await using var second = await RedisServer.Lease();
        await second.SeedQueue("billing", Jobs.Of("Pay", "1"));
        await using var site = await Site.Open(
            first,
            new SiteOptions
            {
                Services = services =>
                    services.AddMassTransit<IBillingBus>(x => x.UsingSidekiq((_, cfg) => cfg.Host(second.Url))),
                Application = application => application.MapSidekiqDashboard<IBillingBus>("/billing"),
            }
        );

        Contains(await site.Page("billing/queues"), "href=\"/billing/queues/billing\"");
        Assert.DoesNotContain("queues/billing", await site.Page("sidekiq/queues"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Titles_and_links_are_those_of_the_options()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Failed("Pay", "ggg1", "Refused"), TestClock.Start);
        await using var site = await Site.Open(
            redis,
            new SiteOptions
            {
                Dashboard = options =>
                {
                    options.Title = "Shop's jobs";
                    options.BackLink = "/admin";
                    options.TraceLink = job => $"https://traces.invalid/{job.Jid}";
                    options.LogLink = job => $"https://logs.invalid/{job.Jid}";
                },
            }
        );

        var job = await site.Page(Links.Of(await site.Page("sidekiq/retries"), "/sidekiq/retries/").First());

        Contains(
            job,
            "· Shop's jobs</title>",
            "href=\"/admin\"",
            "https://traces.invalid/ggg1",
            "https://logs.invalid/ggg1"
        );
    }

    [Theory]
    [InlineData("jobs", "/jobs")]
    [InlineData("/jobs/", "/jobs")]
    [InlineData("/ops/jobs", "/ops/jobs")]
    [InlineData("/", "")]
    public async Task Links_lead_below_the_path_however_it_is_written(string pattern, string root)
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis, new SiteOptions { Pattern = pattern });

        var page = await site.Page(root + "/");

        Contains(page, $"href=\"{root}/queues\"");
        Contains(await site.Page(root + "/queues"), "aria-current=\"page\"");
        Contains(await site.Page(Links.Of(page, $"{root}/assets/dashboard.css").Single()), "color-scheme");
    }

    [Fact]
    public async Task Process_of_old_Ruby_is_told_apart_where_it_writes_no_metrics_and_knows_no_pause_and_no_cancel()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"));
        await RubyProcess(redis, "ruby:1:abc", """{"hostname":"ruby","queues":["billing"],"concurrency":5}""");
        await RubyProcess(redis, "ruby:2:def", """{"hostname":"ruby","queues":["mail"],"version":"7.3.2"}""", "true");
        await using var site = await Site.Open(redis);

        Contains(await site.Page("sidekiq/metrics"), "what ruby:1:abc ran is not counted here");
        Assert.StartsWith(
            "billing is marked as paused",
            await site.Post("sidekiq/queues/billing", ("action", "pause")),
            StringComparison.Ordinal
        );
        Contains(await site.Page("sidekiq/queues/billing"), "Served by ruby:1:abc (Ruby)");
        Contains(await site.Page("sidekiq/queues/mail"), "Served by ruby:2:def (Ruby, quiet)");
        Assert.Equal(["hhh2"], Links.Values(await site.Page("sidekiq/running"), "jid"));
        Contains(await site.Page("sidekiq/search?q=hhh1"), "1 job has", "Running", "ruby:1:abc");
        Contains(await site.Page("sidekiq/queues"), ">quiet</span>");

        async Task RubyProcess(RedisDatabase at, string identity, string info, string quiet = "false")
        {
            var jid = identity == "ruby:1:abc" ? "hhh1" : "hhh2";
            await at.SeedQueue("mail", Jobs.Of("Mail", jid == "hhh1" ? "m1" : "m2"));
            await at.Db.SetAddAsync("processes", identity);
            await at.Db.HashSetAsync(
                identity,
                [new("info", info), new("beat", TestClock.Pushed), new("busy", "1"), new("quiet", quiet)]
            );
            await at.Db.HashSetAsync(
                identity + ":work",
                "t1",
                $$$"""{"queue":"billing","payload":{{{Jobs.Of("Pay", jid)}}},"run_at":{{{TestClock.Pushed}}}}"""
            );
        }
    }

    [Fact]
    public async Task Job_that_has_left_is_told_to_be_gone()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);

        foreach (var key in new[] { "0-0", "junk", "99999999999999999999-1", "9223372036854775807-1", "-1-1" })
        {
            using var answer = await site.Visitor.GetAsync(
                new Uri($"sidekiq/retries/{key}", UriKind.Relative),
                TestContext.Current.CancellationToken
            );
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Redis_that_is_away_is_told_and_the_page_comes_back_with_it()
    {
        await using var server = await RedisServer.StartOwn();
        await using var redis = server.Open();
        await using var site = await Site.Open(redis);
        Contains(await site.Page("sidekiq"), "Overview");

        await server.Stop();
        await Until(async () => await Status(site) == HttpStatusCode.ServiceUnavailable);
        await server.Restart();
        await Until(async () => await Status(site) == HttpStatusCode.OK);
    }

    static async Task<HttpStatusCode> Status(Site site)
    {
        using var answer = await site.Visitor.GetAsync(
            new Uri("sidekiq", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        return answer.StatusCode;
    }

    static void Contains(string page, params string[] parts) =>
        Assert.All(parts, part => Assert.Contains(part, WebUtility.HtmlDecode(page), StringComparison.Ordinal));
}

public interface IBillingBus : IBus;

[SidekiqJob("Shop::Failing")]
public sealed record Failing(string Text);

public sealed class FailingConsumer : IConsumer<Failing>
{
    public Task Consume(ConsumeContext<Failing> context) => throw new InvalidOperationException("it does not work");
}
