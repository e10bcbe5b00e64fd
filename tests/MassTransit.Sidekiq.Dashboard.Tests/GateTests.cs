using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class GateTests
{
    static readonly (string, string)[] pause = [("action", "pause")];

    [Fact]
    public async Task Dashboard_without_a_policy_is_closed_in_production_and_says_once_how_it_is_opened()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis, new SiteOptions { Environment = Environments.Production });

        foreach (var path in new[] { "sidekiq", "sidekiq/queues", "sidekiq/search?q=a" })
        {
            using var answer = await site.Visitor.GetAsync(
                new Uri(path, UriKind.Relative),
                TestContext.Current.CancellationToken
            );
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains(
                "RequireAuthorization",
                await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
                StringComparison.Ordinal
            );
        }

        Assert.StartsWith("6002 ", Assert.Single(site.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_in_development_answers_to_this_machine_only()
    {
        await using var redis = await RedisServer.Lease();
        await using var here = await Site.Open(redis);
        await using var elsewhere = await Site.Open(
            redis,
            new SiteOptions
            {
                Application = application =>
                    application.Use(
                        (context, next) =>
                        {
                            context.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.7");
                            return next(context);
                        }
                    ),
            }
        );

        Assert.Contains("Overview", await here.Page("sidekiq"), StringComparison.Ordinal);
        using var refused = await elsewhere.Visitor.GetAsync(
            new Uri("sidekiq", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Fact]
    public async Task Authorization_of_the_endpoint_decides_where_it_is_required()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(
            redis,
            new SiteOptions
            {
                Environment = Environments.Production,
                Services = services =>
                    services
                        .AddAuthentication("header")
                        .AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("header", null),
                Application = application => application.UseAuthentication().UseAuthorization(),
                Endpoint = endpoint => endpoint.RequireAuthorization(),
            }
        );

        using var anonymous = await site.Visitor.GetAsync(
            new Uri("sidekiq", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.Unauthorized, anonymous.StatusCode);

        site.Visitor.DefaultRequestHeaders.Add("User", "Ada");
        Assert.Contains("Overview", await site.Page("sidekiq"), StringComparison.Ordinal);
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"));
        await site.Post("sidekiq/queues/billing", pause);
        Assert.Equal("6000 Ada on the dashboard: pause queue billing (billing is paused)", Assert.Single(site.Log));
    }

    [Fact]
    public async Task Policy_that_is_switched_off_again_opens_nothing()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(
            redis,
            new SiteOptions
            {
                Environment = Environments.Production,
                Application = application => application.UseAuthorization(),
                Endpoint = endpoint => endpoint.RequireAuthorization().AllowAnonymous(),
            }
        );

        using var answer = await site.Visitor.GetAsync(
            new Uri("sidekiq", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Theory]
    [InlineData(SidekiqDashboardAccess.None, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData(SidekiqDashboardAccess.Read, HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [InlineData(SidekiqDashboardAccess.Act, HttpStatusCode.OK, HttpStatusCode.SeeOther)]
    public async Task Level_of_a_visitor_bounds_what_is_shown_and_done(
        SidekiqDashboardAccess access,
        HttpStatusCode shown,
        HttpStatusCode done
    )
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"));
        var current = SidekiqDashboardAccess.Admin;
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Dashboard = options => options.Access = _ => current }
        );
        var token = await site.Token("sidekiq");
        current = access;

        using var page = await site.Visitor.GetAsync(
            new Uri("sidekiq/queues/billing", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        using var act = await site.Send("sidekiq/queues/billing", token, "same-origin", pause);
        using var clear = await site.Send("sidekiq/queues/billing", token, "same-origin", ("action", "clear"));

        Assert.Equal((shown, done), (page.StatusCode, act.StatusCode));
        Assert.Equal(access >= SidekiqDashboardAccess.Act, await redis.Db.SetContainsAsync("paused", "billing"));
        Assert.Single(await redis.Queue("billing"));
    }

    [Fact]
    public async Task Dashboard_that_is_read_only_changes_nothing_for_anybody_and_shows_no_button()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"));
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Dashboard = options => options.ReadOnly = true }
        );

        using var act = await site.Send("sidekiq/queues/billing", await site.Token("sidekiq"), "same-origin", pause);

        Assert.Equal(HttpStatusCode.Forbidden, act.StatusCode);
        Assert.DoesNotContain("name=\"action\"", await site.Page("sidekiq/queues/billing"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cross-site", true)]
    [InlineData("same-site", true)]
    [InlineData("none", true)]
    [InlineData(null, true)]
    [InlineData("same-origin", false)]
    public async Task Form_that_is_posted_from_another_site_or_without_its_token_does_nothing(
        string? from,
        bool hasToken
    )
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"));
        await using var site = await Site.Open(redis);
        var token = await site.Token("sidekiq");

        using var answer = await site.Send(
            "sidekiq/queues/billing",
            hasToken ? token : "guessed",
            from,
            ("action", "clear")
        );

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Single(await redis.Queue("billing"));
    }

    [Theory]
    [InlineData("", HttpStatusCode.SeeOther)]
    [InlineData("http://evil.invalid", HttpStatusCode.Forbidden)]
    public async Task Browser_that_does_not_tell_the_site_of_a_form_tells_its_origin(
        string origin,
        HttpStatusCode expected
    )
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"));
        await using var site = await Site.Open(redis);
        var token = await site.Token("sidekiq");
        site.Visitor.DefaultRequestHeaders.Add(
            "Origin",
            origin.Length > 0 ? origin : site.Address.GetLeftPart(UriPartial.Authority)
        );

        using var answer = await site.Send("sidekiq/queues/billing", token, from: null, pause);

        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task Page_runs_no_script_but_its_own_and_is_kept_and_framed_by_nobody()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);

        using var answer = await site.Visitor.GetAsync(
            new Uri("sidekiq", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();

        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }
}
