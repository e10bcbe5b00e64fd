using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class BatchTests
{
    static readonly CancellationToken never = CancellationToken.None;

    [Fact]
    public async Task Batch_is_shown_with_its_progress_what_came_of_it_and_each_job_that_has_not_ended()
    {
        await using var redis = await RedisServer.Lease();
        WebApplication? application = null;
        await using var site = await Site.Open(
            redis,
            new SiteOptions
            {
                Bus = bus => bus.AddConsumer<FailingConsumer>(),
                Application = built => application = built,
            }
        );
        var (outer, inner) = await Import(application!, site);

        var list = await site.Page("sidekiq/batches");
        Assert.Equal([inner, outer], Ids(list));
        Assert.DoesNotContain("being filled", list, StringComparison.Ordinal);
        Contains(list, "Batches</a>", "Import of July", outer, ">inner</span>", "1 of 5, 1 dropped", "0 of 1");
        Contains(list, """<progress value="1" max="5" aria-label="Progress of Import of July"></progress>""");

        var page = await site.Page("sidekiq/batches/" + outer);
        Contains(page, "1 of 5, 1 dropped", "2 attempts", "4 of 4, the dead and the failed first", ">death</span>");
        Assert.DoesNotContain("still being filled", page, StringComparison.Ordinal);
        Assert.Equal(["dead", "failed, is retried"], States(page)[..2]);
        Assert.Equal(["goes on", "waits or runs"], States(page)[2..].Order(StringComparer.Ordinal));
        Assert.Equal(3, Links.Of(page, "/sidekiq/search?q=").Count());
        Contains(
            await site.Page(Links.Of(page, "/sidekiq/batches/" + inner).Single()),
            $"/sidekiq/batches/{outer}\"",
            "0 of 1",
            "does not wait for it any more"
        );
        Contains(await site.Page(Links.Of(page, "/sidekiq/search?q=").First()), "/sidekiq/dead/");
    }

    [Fact]
    public async Task Job_leads_to_its_batch()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedDeadSet(Jobs.Of("Pay", "1", more: ""","mt_batch":"july" """), TestClock.Start);
        await Jobs.SeedBatch(redis, "july", []);
        await using var site = await Site.Open(redis);

        var job = Links.Of(await site.Page("sidekiq/dead"), "/sidekiq/dead/").Single();
        var batch = Links.Of(await site.Page(job), "/sidekiq/batches/").Single();

        Contains(await site.Page(batch), "<code>july</code>");
        var told = await (await Api.Of(site)).Get(job["/sidekiq/".Length..]);
        Assert.Equal("july", told.GetProperty("batchId").GetString());
    }

    [Fact]
    public async Task Script_reads_batches_and_the_jobs_that_hold_them_up()
    {
        await using var redis = await RedisServer.Lease();
        HashEntry[] fields =
        [
            new("description", "Import of July"),
            new("parent", "year"),
            new("total", 9),
            new("pending", 3),
            new("failed", 2),
            new("dead", 1),
            new("failures", 7),
            new("dropped", 2),
            new("arrived", 9),
            new("expected", 9),
            new("death", "4.5"),
        ];
        await Jobs.SeedBatch(redis, "july", fields);
        await redis.Db.HashSetAsync("mt:batch:july:open", [new("b", "failed"), new("batch:c", "dead")]);
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        var list = await api.Get("batches?page=1");
        var batch = await api.Get("batches/july");
        var jobs = await api.Get("batches/july/jobs");

        Assert.Equal(list.GetProperty("batches")[0].GetRawText(), batch.GetRawText());
        Assert.Equal(1, list.GetProperty("count").GetInt64());
        var created = TestClock.Start.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        Assert.Equal(
            $$"""{"id":"july","description":"Import of July","parentId":"year","createdAt":"{{created}}","isFilled":true,"total":9,"done":6,"dropped":2,"pending":3,"failed":2,"dead":1,"failures":7,"completedAt":null,"succeededAt":null,"diedAt":"1970-01-01T00:00:04.5Z"}""",
            batch.GetRawText()
        );
        Assert.Equal(
            """{"jobs":[{"id":"c","isBatch":true,"state":"dead"},{"id":"b","isBatch":false,"state":"failed"}],"isComplete":false}""",
            jobs.GetRawText()
        );
        foreach (var path in new[] { "batches/june", "batches/june/jobs" })
        {
            Assert.Contains(
                "no such job or batch",
                await api.Fails(HttpStatusCode.NotFound, HttpMethod.Get, path),
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task Batch_is_deleted_by_a_button_or_a_script_and_its_jobs_stay()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1", more: ""","mt_batch":"july" """));
        foreach (var id in new[] { "july", "june" })
        {
            await Jobs.SeedBatch(redis, id, []);
            await redis.Db.HashSetAsync($"mt:batch:{id}:open", "1", "");
        }

        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);
        var page = await site.Page("sidekiq/batches/july");
        Contains(
            page,
            "Delete this batch? Its jobs go on, but no callback comes any more",
            "action=\"/sidekiq/batches\""
        );
        Assert.DoesNotContain("does not wait for it any more", page, StringComparison.Ordinal);

        Assert.Contains(
            "'july:open' cannot be the id",
            await site.Post("sidekiq/batches", ("action", "delete"), ("id", "july:open")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "by its id",
            await site.Post("sidekiq/batches", ("action", "delete")),
            StringComparison.Ordinal
        );
        Assert.Equal(
            "Batch july is deleted. Its jobs go on, and no callback comes any more",
            await site.Post("sidekiq/batches", ("action", "delete"), ("id", Links.Values(page, "id").Single()))
        );
        await api.Post("batches/delete", """{"id":"june"}""");
        Assert.Contains(
            "no batch june any more",
            await api.Fails(HttpStatusCode.NotFound, HttpMethod.Post, "batches/delete", """{"id":"june"}"""),
            StringComparison.Ordinal
        );

        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("mt:batch:", StringComparison.Ordinal));
        Assert.Single(await redis.Queue("billing"));
        Assert.Equal(
            [
                "6000 anonymous on the dashboard: delete batch july (Batch july is deleted. Its jobs go on, and no callback comes any more)",
                "6000 anonymous on the dashboard: delete batch june (Batch june is deleted. Its jobs go on, and no callback comes any more)",
            ],
            site.Log.Where(line => line.StartsWith("6000 ", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task Batch_around_one_that_is_deleted_does_not_wait_for_it_and_a_job_that_adds_to_it_fails()
    {
        await using var redis = await RedisServer.Lease();
        WebApplication? application = null;
        await using var site = await Site.Open(redis, new SiteOptions { Application = built => application = built });
        var api = await Api.Of(site);
        var billing = new Uri("queue:billing");
        var inner = "";
        var outer = await Start(
            application!,
            _ => { },
            async batch =>
                inner = await Start(
                    application!,
                    of => of.ParentId = batch.Id,
                    of => of.Send(billing, new Failing("inner"), never)
                )
        );

        await api.Post("batches/delete", $$"""{"id":"{{inner}}"}""");
        var job = Links.Keys(await site.Page("sidekiq/queues/billing")).Single();
        await site.Post("sidekiq/queues/billing", ("action", "delete"), ("job", job));

        Assert.Equal(0, (await api.Get($"batches/{outer}")).GetProperty("pending").GetInt64());
        var endpoint = await application!.Services.GetRequiredService<IBus>().GetSendEndpoint(billing);
        await Assert.ThrowsAsync<BatchEndedException>(() =>
            endpoint.Send(new Failing("more"), x => x.Job(options => options.BatchId = inner), never)
        );
    }

    [Fact]
    public async Task Visitor_who_may_only_look_sees_no_button_and_deletes_nothing()
    {
        await using var redis = await RedisServer.Lease();
        await Jobs.SeedBatch(redis, "july", []);
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Dashboard = options => options.Access = _ => SidekiqDashboardAccess.Read }
        );

        Assert.DoesNotContain("Delete", await site.Page("sidekiq/batches/july"), StringComparison.Ordinal);
        using var refused = await site.Send(
            "sidekiq/batches",
            await site.Token("sidekiq/batches"),
            "same-origin",
            ("action", "delete"),
            ("id", "july")
        );

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.True(await redis.Db.KeyExistsAsync("mt:batch:july"));
    }

    // All commands of a step are sent at once: two steps are two round trips.
    [Fact]
    public async Task Page_of_a_hundred_batches_is_a_command_for_each_behind_two_for_all()
    {
        await using var server = await RedisServer.StartOwn();
        await using var redis = server.Open();
        await Task.WhenAll(Enumerable.Range(0, 150).Select(number => Jobs.SeedBatch(redis, $"b{number}", [], number)));
        await using var site = await Site.OpenAlone(redis.Url, application => application.MapSidekiqDashboard());

        var page = await site.Page("sidekiq/batches");
        await redis.Db.ExecuteAsync("CONFIG", "RESETSTAT");
        var rest = await site.Page("sidekiq/batches" + Links.Of(page, "?page=").Single());

        var (first, second) = (Ids(page), Ids(rest));
        Assert.Equal((100, 50), (first.Length, second.Length));
        Assert.Equal(Enumerable.Range(0, 150).Reverse().Select(number => $"b{number}"), first.Concat(second));
        Assert.Equal("?page=1", Links.Of(rest, "?page=").Single());
        var stats = (string)(await redis.Db.ExecuteAsync("INFO", "commandstats"))!;
        Assert.Equal(
            ["hmget 50", "zcard 1", "zrevrange 1"],
            Regex
                .Matches(stats, @"cmdstat_(hmget|z\w+):calls=(\d+)")
                .Select(match => $"{match.Groups[1]} {match.Groups[2]}")
                .Order(StringComparer.Ordinal)
        );
        Contains(await site.Page("sidekiq/batches?page=3"), "Those of this page have left");
    }

    [Fact]
    public async Task Jobs_are_shown_up_to_a_hundred_and_it_is_told_that_there_are_more()
    {
        await using var redis = await RedisServer.Lease();
        await Jobs.SeedBatch(redis, "july", [new("total", 3000), new("pending", 3000)]);
        await redis.Db.HashSetAsync(
            "mt:batch:july:open",
            [.. Enumerable.Range(0, 3000).Select(jid => new HashEntry(jid, ""))]
        );
        await using var site = await Site.Open(redis);

        var page = await site.Page("sidekiq/batches/july");

        Assert.Equal(100, States(page).Length);
        Contains(page, "0 of 3,000", "100 of 3,000", "the first of a thousand");
    }

    [Fact]
    public async Task Batch_of_any_kind_is_shown_as_text_and_one_that_has_left_is_told_to_be_gone()
    {
        const string evil = "<script>alert(1)</script>'";
        await using var redis = await RedisServer.Lease();
        await Jobs.SeedBatch(redis, evil, [new("description", evil), new("parent", evil)]);
        await redis.Db.HashSetAsync($"mt:batch:{evil}:open", [new(evil, evil), new("batch:" + evil, "dead")]);
        await Jobs.SeedBatch(
            redis,
            "a/b",
            [new("total", -5), new("pending", long.MaxValue), new("dead", "x"), new("success", "1e300")]
        );
        await Jobs.SeedBatch(redis, "nan", [new("created", "nan"), new("total", long.MinValue), new("pending", 7)]);
        await redis.Db.StringSetAsync("mt:batch:nan:open", "x");
        await redis.Db.StringSetAsync("mt:batch:text", "x");
        await redis.Db.SortedSetAddAsync(
            "mt:batches",
            [new("", 1), new("text", double.PositiveInfinity), new("left", 2)]
        );
        await using var site = await Site.Open(redis);

        var list = await site.Page("sidekiq/batches");
        var api = await Api.Of(site);

        Assert.Equal(3, (await api.Get("batches")).GetProperty("batches").GetArrayLength());
        Assert.DoesNotContain("<script>alert", list, StringComparison.Ordinal);
        foreach (var link in Links.Of(list, "/sidekiq/batches/").ToArray())
        {
            Assert.DoesNotContain("<script>alert", await site.Page(link), StringComparison.Ordinal);
            await api.Get(link["/sidekiq/".Length..]);
            await api.Get(link["/sidekiq/".Length..] + "/jobs");
        }

        foreach (var id in new[] { "text", "left" })
        {
            using var answer = await site.Visitor.GetAsync(new Uri($"sidekiq/batches/{id}", UriKind.Relative), never);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    // A batch of five: one is deleted, one waits, one fails, one dies, and one is a batch within it.
    static async Task<(string Outer, string Inner)> Import(WebApplication application, Site site)
    {
        var (billing, failing) = (new Uri("queue:billing"), new Uri("queue:Failing"));
        var inner = "";
        var outer = await Start(
            application,
            batch => batch.Description = "Import of July",
            async batch =>
            {
                await batch.Send(billing, new Failing("deleted"), never);
                await batch.Send(billing, new Failing("waits"), never);
                await batch.Send(failing, new Failing("fails"), never);
                await batch.Send(failing, new Failing("dies"), x => x.Job(job => job.Retry = 0), never);
                inner = await Start(
                    application,
                    of => of.ParentId = batch.Id,
                    of => of.Send(billing, new Failing("inner"), never)
                );
                Contains(await site.Page("sidekiq/batches"), "being filled");
                Contains(await site.Page($"sidekiq/batches/{batch.Id}"), "It is still being filled");
            }
        );
        var first = Links.Keys(await site.Page("sidekiq/queues/billing")).First();
        await site.Post("sidekiq/queues/billing", ("action", "delete"), ("job", first));
        await Until(async () =>
            (await site.Page($"sidekiq/batches/{outer}")).Contains("2 attempts", StringComparison.Ordinal)
        );
        return (outer, inner);
    }

    static async Task<string> Start(
        WebApplication application,
        Action<ISidekiqBatchConfigurator> configure,
        Func<ISidekiqBatchScope, Task> add
    )
    {
        await using var scope = application.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ISidekiqBatches>().Start(configure, add, never);
    }

    // In the table of its jobs.
    static string[] States(string page) =>
        [
            .. Regex
                .Matches(
                    page[page.IndexOf("<th>State", StringComparison.Ordinal)..],
                    "class=\"(?:tag|tag bad|quiet)\">([^<]+)<"
                )
                .Select(match => match.Groups[1].Value),
        ];

    static string[] Ids(string page) => [.. Links.Of(page, "/sidekiq/batches/").Select(link => link.Split('/')[^1])];

    static void Contains(string page, params string[] parts) =>
        Assert.All(parts, part => Assert.Contains(part, WebUtility.HtmlDecode(page), StringComparison.Ordinal));
}
