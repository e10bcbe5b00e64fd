using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Dashboard.Tests;

/// <summary>The dashboard in a process without a bus.</summary>
public sealed class BuslessGuideTests
{
    [Fact]
    public async Task Dashboard_of_a_process_without_a_bus_shows_jobs_and_acts_on_them()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Failed("Pay", "aaa1", "Timeout"), TestClock.Start);
        await redis.SeedQueue("billing", Jobs.Of("Pay", "bbb1"));
        var before = await redis.Snapshot();
        await using var site = await Site.OpenAlone(redis.Url, application => application.MapSidekiqDashboard());

        foreach (var path in new[] { "", "/queues", "/running", "/topics", "/periodic", "/metrics", "/search?q=aaa1" })
        {
            await site.Page("sidekiq" + path);
        }

        Assert.Contains("aaa1", await site.Page("sidekiq/retries"), StringComparison.Ordinal);
        Assert.Equal(before, await redis.Snapshot());

        Assert.Equal("1 job moved to their queues", await site.Post("sidekiq/retries", ("action", "retry-all")));
        Assert.Equal("billing is paused", await site.Post("sidekiq/queues/billing", ("action", "pause")));

        Assert.Equal(["paused", "queue:billing", "queues"], await redis.Keys());
        Assert.Equal(2, (await redis.Queue("billing")).Length);
    }

    [Fact]
    public async Task Several_servers_are_shown_each_under_a_path_of_its_own()
    {
        await using var redis = await RedisServer.Lease();
        await using var other = await RedisServer.Lease();
        await other.SeedQueue("invoices", Jobs.Of("Pay", "1"));
        await using var site = await Site.OpenAlone(
            redis.Url,
            application =>
            {
                application.MapSidekiqDashboard();
                application.MapSidekiqDashboard(
                    application.Services.GetRequiredKeyedService<ISidekiqInspector>("billing"),
                    "/sidekiq/billing",
                    options => options.Title = "Billing"
                );
            },
            services => services.AddKeyedSidekiqInspector("billing", other.Url)
        );

        var page = await site.Page("sidekiq/billing/queues");

        Assert.Contains("href=\"/sidekiq/billing/queues/invoices\"", page, StringComparison.Ordinal);
        Assert.Contains("· Billing</title>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("invoices", await site.Page("sidekiq/queues"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_without_a_bus_and_without_an_inspector_names_both()
    {
        await using var application = WebApplication.CreateSlimBuilder().Build();

        var fault = Assert.Throws<InvalidOperationException>(() => application.MapSidekiqDashboard());
        var further = Assert.Throws<InvalidOperationException>(() =>
            application.MapSidekiqDashboard<IBillingBus>("/billing")
        );

        Assert.Contains("AddMassTransit(x => x.UsingSidekiq(…))", fault.Message, StringComparison.Ordinal);
        Assert.Contains("AddSidekiqInspector(\"redis://…\")", fault.Message, StringComparison.Ordinal);
        Assert.Contains(
            "AddMassTransit<IBillingBus>(x => x.UsingSidekiq(…))",
            further.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Redis_that_is_away_is_told_and_the_page_comes_back_with_it()
    {
        await using var server = await RedisServer.StartOwn();
        await using var site = await Site.OpenAlone(
            $"redis://127.0.0.1:{server.Port}",
            application => application.MapSidekiqDashboard()
        );
        await site.Page("sidekiq");

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
}
