using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class OutboxTests
{
    const string Page = "sidekiq/outbox/ShopDb";

    [Fact]
    public async Task Outbox_shows_what_waits_and_each_message_set_aside_page_by_page()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await ShopDb.Lease();
        await ShopDb.Add(
            database.ConnectionString,
            Enumerable.Range(0, 60).Select(i => ShopDb.Fault($"Shop:M{i:00}.", """{"order":"A-17"}"""))
        );
        await using var site = await Site.Open(redis, ShopDb.Site(database.ConnectionString));

        Contains(await site.Page("sidekiq/queues"), "href=\"/sidekiq/outbox\"");
        Contains(
            await site.Page("sidekiq/outbox"),
            "href=\"/sidekiq/outbox/ShopDb\"",
            "Pending",
            "<dd class=\"bad\">60</dd>",
            "Kept jobs"
        );

        var (seen, path, message) = (new List<string>(), Page, "");
        for (var pages = 0; pages < 3; pages++)
        {
            var page = await site.Page(path);
            seen.AddRange(Links.Jids(page));
            message = Links.Of(page, "/" + Page + "/").Last();
            path = Page + Links.Of(page, "?before=").FirstOrDefault("");
        }

        Assert.Equal(60, seen.Distinct().Count());
        Assert.Equal(60, seen.Count);
        Contains(
            await site.Page(message),
            "Shop:M00.",
            "no route",
            "A-17",
            "tenant",
            "north",
            "The row as it is stored"
        );
    }

    [Fact]
    public async Task Message_that_Redis_refused_is_released_and_sent_once_it_takes_it()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.StringSetAsync("queue:shipping", "no list");
        await using var database = await ShopDb.Lease();
        await using var site = await Site.Open(redis, ShopDb.Site(database.ConnectionString));
        await ShopDb.Stage(database.ConnectionString, "Shop:Ship");
        var page = "";
        await Until(async () => Links.Jids(page = await site.Page(Page)).Any());
        Contains(page, "Shop:Ship", "shipping");

        await redis.Db.KeyDeleteAsync("queue:shipping");
        var id = Ids(page).Single();
        Assert.Equal("1 message released", await site.Post(Page, ("action", "release"), ("id", id)));

        await redis.Until(async state => (await state.Queue("shipping")).Length == 1);
        Contains(await site.Page(Page), "No message is set aside");
        Assert.StartsWith(
            "0 messages released of 1 chosen",
            await site.Post(Page, ("action", "release"), ("id", id)),
            StringComparison.Ordinal
        );
        Assert.Equal(
            $"6000 anonymous on the dashboard: release outbox ShopDb {id} (1 message released)",
            site.Log.First()
        );
    }

    [Fact]
    public async Task Chosen_messages_are_discarded_and_all_are_released_or_discarded_with_a_line_in_the_log()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await ShopDb.Lease();
        await ShopDb.Add(database.ConnectionString, Enumerable.Range(0, 5).Select(i => ShopDb.Fault($"Shop:M{i}")));
        await using var site = await Site.Open(redis, ShopDb.Site(database.ConnectionString));
        var ids = Ids(await site.Page(Page)).ToList();

        Assert.Equal(
            "2 messages discarded",
            await site.Post(Page, ("action", "discard"), ("id", ids[0]), ("id", ids[1]), ("id", "junk"))
        );
        Assert.Equal("3 messages released", await site.Post(Page, ("action", "release-all")));
        await redis.Until(async state => (await state.Queue("shipping")).Length == 3);

        await ShopDb.Add(database.ConnectionString, ShopDb.Fault("Shop:Late"));
        Assert.Equal("1 message discarded", await site.Post(Page, ("action", "discard-all")));
        Assert.Equal("0 messages released", await site.Post(Page, ("action", "release")));
        Assert.Contains("Reload it", await site.Post(Page, ("action", "explode")), StringComparison.Ordinal);
        Assert.Equal(
            [
                $"6000 anonymous on the dashboard: discard outbox ShopDb {ids[0]} {ids[1]} (2 messages discarded)",
                "6000 anonymous on the dashboard: release outbox ShopDb all (3 messages released)",
                "6000 anonymous on the dashboard: discard outbox ShopDb all (1 message discarded)",
            ],
            site.Log.Take(3)
        );
    }

    [Fact]
    public async Task Whatever_stands_in_a_message_is_shown_as_text()
    {
        const string evil = "<script>alert(1)</script><img src=x onerror=alert(1)>'";
        await using var redis = await RedisServer.Lease();
        await using var database = await ShopDb.Lease();
        var (whole, broken) = (ShopDb.Fault(evil, evil, evil), ShopDb.Fault(evil, evil, evil));
        whole.ErrorType = whole.DestinationAddress = broken.Message = evil;
        await ShopDb.Add(database.ConnectionString, whole, broken);
        await using var site = await Site.Open(redis, ShopDb.Site(database.ConnectionString));

        var list = await site.Page(Page);
        foreach (
            var page in Links
                .Of(list, "/" + Page + "/")
                .Append(Page)
                .Append("sidekiq/outbox")
                .Append(Page + "?before=" + Uri.EscapeDataString(evil))
                .Append(Page + "?done=" + Uri.EscapeDataString(evil))
        )
        {
            var text = await site.Page(page);
            Assert.DoesNotContain("<script>alert", text, StringComparison.Ordinal);
            Assert.DoesNotContain("<img", text, StringComparison.Ordinal);
        }

        Contains(list, "&lt;script&gt;");
        Contains(await site.Page(Links.Of(list, "/" + Page + "/").First()), "holds no message that can be read");
    }

    [Theory]
    [InlineData(SidekiqDashboardAccess.Read, false, false)]
    [InlineData(SidekiqDashboardAccess.Act, true, false)]
    [InlineData(SidekiqDashboardAccess.Admin, true, true)]
    public async Task Visitor_sees_the_buttons_and_may_do_what_the_level_allows(
        SidekiqDashboardAccess level,
        bool acts,
        bool discardsAll
    )
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await ShopDb.Lease();
        await ShopDb.Add(database.ConnectionString, ShopDb.Fault("Shop:Ship"), ShopDb.Fault("Shop:Ship"));
        await using var site = await Site.Open(
            redis,
            ShopDb.Site(database.ConnectionString, options => options.Access = _ => level)
        );

        var list = await site.Page(Page);
        var one = await site.Page(Links.Of(list, "/" + Page + "/").First());

        Assert.Equal(acts, list.Contains("value=\"release\"", StringComparison.Ordinal));
        Assert.Equal(acts, one.Contains("value=\"discard\"", StringComparison.Ordinal));
        Assert.Equal(acts, list.Contains("<form method=\"post\"", StringComparison.Ordinal) && Ids(list).Any());
        Assert.Equal(discardsAll, list.Contains("value=\"discard-all\"", StringComparison.Ordinal));

        using var answer = await site.Send(Page, await site.Token(Page), "same-origin", ("action", "discard-all"));
        Assert.Equal(acts ? HttpStatusCode.SeeOther : HttpStatusCode.Forbidden, answer.StatusCode);
        await using var db = ShopDb.Open(database.ConnectionString);
        Assert.Equal(
            discardsAll ? 0 : 2,
            await db.Set<OutboxFault>().CountAsync(TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task Contents_of_messages_are_hidden_where_those_of_any_job_are()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await ShopDb.Lease();
        await ShopDb.Add(database.ConnectionString, ShopDb.Fault("Shop:Pay", "{\"card\":\"4111\"}", "refused: 4111"));
        await using var site = await Site.Open(
            redis,
            ShopDb.Site(database.ConnectionString, options => options.Redact = _ => false)
        );

        var list = await site.Page(Page);
        var all = list + await site.Page(Links.Of(list, "/" + Page + "/").First());

        Contains(all, "Shop:Pay", "Refused", "queue:shipping", "are hidden");
        Assert.DoesNotContain("4111", all, StringComparison.Ordinal);
        Assert.DoesNotContain("tenant", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_with_a_secret_shows_no_body()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await ShopDb.Lease();
        var name = MessageUrn.ForTypeString<Charge>()["urn:message:".Length..];
        await ShopDb.Add(database.ConnectionString, ShopDb.Fault(name, "{\"card\":\"4111\"}"));
        await using var site = await Site.Open(
            redis,
            ShopDb.Site(database.ConnectionString) with
            {
                Configure = cfg => cfg.Job<Charge>(job => job.Retry(1)),
            }
        );

        var list = await site.Page(Page);
        var one = await site.Page(Links.Of(list, "/" + Page + "/").First());

        Contains(one, "[hidden]", "no route");
        Assert.DoesNotContain("4111", list + one, StringComparison.Ordinal);
    }

    internal sealed record Charge([SidekiqSecret] string Card);

    [Fact]
    public async Task Overview_warns_of_an_outbox_that_is_behind()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await ShopDb.Lease();
        await ShopDb.Add(
            database.ConnectionString,
            new OutboxState { OutboxId = NewId.NextGuid(), Created = TestClock.Today.UtcDateTime.AddDays(-7) }
        );
        await using var site = await Site.Open(redis, ShopDb.Idle(database.ConnectionString));

        // The page gives a database a short time, and does without what it does not say by then.
        await Until(async () =>
            (await site.Page("sidekiq")) is var overview
            && overview.Contains("messages in the outbox of ShopDb waits for", StringComparison.Ordinal)
            && overview.Contains("(limit 60 s)", StringComparison.Ordinal)
        );
        var page = await site.Page(Page);
        Assert.DoesNotContain("Drained here", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Kept jobs", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Outbox_is_shown_where_its_bus_is_and_nowhere_else()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await ShopDb.Lease();
        await using var site = await Site.Open(
            redis,
            new SiteOptions
            {
                Services = services =>
                    services
                        .AddDbContext<ShopDb>(builder => builder.UseNpgsql(database.ConnectionString))
                        .AddMassTransit<IBillingBus>(x =>
                        {
                            x.AddSidekiqOutbox<ShopDb>();
                            x.UsingSidekiq((_, cfg) => cfg.Host(redis.Url));
                        }),
                Application = application => application.MapSidekiqDashboard<IBillingBus>("/billing"),
            }
        );

        Contains(await site.Page("billing"), "href=\"/billing/outbox\"");
        Contains(await site.Page("billing/outbox/ShopDb"), "No message is set aside");
        foreach (
            var path in new[]
            {
                "sidekiq/outbox",
                "billing/outbox/OtherDb",
                "billing/outbox/ShopDb/1",
                "billing/outbox/ShopDb/x",
            }
        )
        {
            using var answer = await site.Visitor.GetAsync(
                new Uri(path, UriKind.Relative),
                TestContext.Current.CancellationToken
            );
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        Assert.Equal("There is no outbox OtherDb.", await site.Post("billing/outbox/OtherDb", ("action", "release")));
        Assert.DoesNotContain("/outbox", await site.Page("sidekiq"), StringComparison.Ordinal);
    }

    // Of the messages that can be chosen.
    static IEnumerable<string> Ids(string page) => Links.Values(page, "id");

    static void Contains(string page, params string[] parts) =>
        Assert.All(parts, part => Assert.Contains(part, page, StringComparison.Ordinal));
}
