using System.Diagnostics;
using System.Net;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class OutboxAwayTests
{
    const string Page = "sidekiq/outbox/ShopDb";

    [Fact]
    public async Task Database_that_is_away_is_said_on_its_page_and_the_overview_while_other_pages_go_on()
    {
        await using var redis = await RedisServer.Lease();
        await using var server = await PostgresServer.StartOwn();
        var connection = server.ConnectionString + ";Database=shop";
        await using (var db = ShopDb.Open(connection))
        {
            await db.Database.EnsureCreatedAsync(TestContext.Current.CancellationToken);
        }

        await ShopDb.Add(connection, ShopDb.Fault("Shop:Ship"));
        await using var site = await Site.Open(redis, ShopDb.Site(connection));
        var id = Links.Values(await site.Page(Page), "id").Single();
        Contains(await site.Page("sidekiq"), "has set 1 message aside");

        await server.Kill();
        Contains(await Away(site, Page), "The outbox does not answer", "ShopDb", "Nothing is lost");
        Contains(await Away(site, "sidekiq/outbox"), "The outbox of ShopDb cannot be read");
        Contains(await Away(site, $"{Page}/{id}"), "The outbox does not answer");
        Contains(await site.Page("sidekiq"), "The outbox of ShopDb cannot be read", "Enqueued");
        Contains(await site.Page("sidekiq/queues"), "Queues");
        Assert.Contains(
            "cannot be changed",
            await site.Post("sidekiq/outbox/ShopDb", ("action", "release"), ("id", id)),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            $"6001 anonymous on the dashboard: release outbox ShopDb {id} at /outbox/ShopDb failed (The outbox of ShopDb cannot be changed",
            site.Log.Single(),
            StringComparison.Ordinal
        );

        await server.Restart();
        await Until(async () =>
        {
            using var answer = await site.Visitor.GetAsync(
                new Uri(Page, UriKind.Relative),
                TestContext.Current.CancellationToken
            );
            return answer.StatusCode == HttpStatusCode.OK;
        });
        Contains(await site.Page(Page), "Shop:Ship");
    }

    [Fact]
    public async Task Database_that_does_not_answer_holds_the_overview_for_a_second_and_is_asked_once()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await ShopDb.Lease();
        await using var site = await Site.Open(redis, ShopDb.Idle(database.ConnectionString));
        await site.Page("sidekiq");
        await using var db = ShopDb.Open(database.ConnectionString);
        await using var held = await db.Database.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await db.Database.ExecuteSqlRawAsync(
            """LOCK TABLE "OutboxMessage" IN ACCESS EXCLUSIVE MODE""",
            TestContext.Current.CancellationToken
        );

        var started = Stopwatch.GetTimestamp();
        var pages = await Task.WhenAll(site.Page("sidekiq"), site.Page("sidekiq"), site.Page("sidekiq"));
        var elapsed = Stopwatch.GetElapsedTime(started);
        Contains(await Away(site, Page), "has not answered within 5 s");

        Assert.All(pages, page => Contains(page, "the outbox of ShopDb has not answered within 1 s", "Enqueued"));
        Assert.InRange(elapsed, TimeSpan.FromSeconds(0.9), OutboxWatch.Timeout);
        var waiting = db.Database.SqlQuery<int>(
            $"SELECT count(*)::int AS \"Value\" FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        );
        Assert.Equal(1, await waiting.SingleAsync(TestContext.Current.CancellationToken));

        await held.RollbackAsync(TestContext.Current.CancellationToken);
        Contains(await site.Page(Page), "No message is set aside");
    }

    static async Task<string> Away(Site site, string path)
    {
        using var answer = await site.Visitor.GetAsync(
            new Uri(path, UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    static void Contains(string page, params string[] parts) =>
        Assert.All(parts, part => Assert.Contains(part, page, StringComparison.Ordinal));
}
