using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class ApiGateTests
{
    const string Key = "0-0123456789abcdef";

    [Theory]
    [InlineData(SidekiqDashboardAccess.None)]
    [InlineData(SidekiqDashboardAccess.Read)]
    [InlineData(SidekiqDashboardAccess.Act)]
    [InlineData(SidekiqDashboardAccess.Admin)]
    public async Task Each_operation_is_open_to_the_level_that_its_description_tells_and_to_those_above(
        SidekiqDashboardAccess access
    )
    {
        await using var redis = await RedisServer.Lease();
        var current = SidekiqDashboardAccess.Read;
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Dashboard = options => options.Access = _ => current }
        );
        var api = await Api.Of(site);
        current = access;

        var wrong = new List<string>();
        foreach (var (method, path, operation) in Operations(api.Document))
        {
            var told = operation.GetProperty("description").GetString()!.Split(' ')[^1].TrimEnd('.');
            using var answer = await api.Send(method, path + "?q=a", BodyOf(path));
            var isOpen = answer.StatusCode is not HttpStatusCode.Forbidden;
            if (isOpen != access >= Enum.Parse<SidekiqDashboardAccess>(told))
            {
                wrong.Add($"{method} {path}: {told}, {answer.StatusCode}");
            }
        }

        Assert.Empty(wrong);
    }

    // What the actions themselves refuse, whoever describes them.
    [Fact]
    public async Task Visitor_who_may_act_but_is_no_admin_is_refused_and_recorded()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"));
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Dashboard = options => options.Access = _ => SidekiqDashboardAccess.Act }
        );
        var api = await Api.Of(site);

        Assert.Contains(
            "Admin",
            await api.Fails(HttpStatusCode.Forbidden, HttpMethod.Post, "queues/billing/clear"),
            StringComparison.Ordinal
        );
        Assert.Single(await redis.Queue("billing"));
        Assert.Equal(
            "6001 anonymous on the dashboard: clear at /api/queues/billing/clear failed (This needs the access level Admin.)",
            Assert.Single(site.Log)
        );
    }

    [Fact]
    public async Task API_that_is_read_only_reads_and_changes_nothing_for_anybody()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Dashboard = options => options.ReadOnly = true }
        );
        var api = await Api.Of(site);

        await api.Get("queues");
        foreach (var (method, path, _) in Operations(api.Document).Where(item => item.Method == HttpMethod.Post))
        {
            Assert.Contains(
                "read-only",
                await api.Fails(HttpStatusCode.Forbidden, method, path, BodyOf(path)),
                StringComparison.Ordinal
            );
        }

        Assert.False(await redis.Db.KeyExistsAsync("paused"));
    }

    // What a page of another site can have a browser send without asking first.
    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("text/plain")]
    [InlineData("text/plain; a=\"application/json\"")]
    [InlineData(null)]
    public async Task Body_that_a_form_of_another_site_could_send_is_refused(string? mediaType)
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        using var answer = await api.Send(HttpMethod.Post, "queues/billing/pause", "{}", mediaType);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.False(await redis.Db.KeyExistsAsync("paused"));
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-origin", HttpStatusCode.OK)]
    [InlineData("Sec-Fetch-Site", "none", HttpStatusCode.OK)]
    [InlineData("Origin", "http://evil.invalid", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    public async Task Browser_that_tells_of_another_site_is_refused(
        string header,
        string value,
        HttpStatusCode expected
    )
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        using var answer = await api.Send(
            HttpMethod.Post,
            "queues/billing/pause",
            "{}",
            "application/json",
            (header, value)
        );

        Assert.Equal(expected, answer.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK, await redis.Db.KeyExistsAsync("paused"));
    }

    [Fact]
    public async Task Browser_that_asks_whether_another_site_may_send_JSON_is_told_no()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        using var answer = await api.Send(
            HttpMethod.Options,
            "queues/billing/pause",
            null,
            null,
            ("Origin", "http://evil.invalid"),
            ("Access-Control-Request-Method", "POST")
        );

        Assert.False(answer.IsSuccessStatusCode);
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task API_without_a_policy_is_closed_in_production_and_tells_the_line_to_type()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis, new SiteOptions { Environment = Environments.Production });

        using var answer = await site.Visitor.GetAsync(
            new Uri("sidekiq/api/openapi.json", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        using var problem = JsonDocument.Parse(
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
        );

        Assert.Equal(403, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Contains(
            "RequireAuthorization",
            problem.RootElement.GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    // A script cannot sign in on a page.
    [Fact]
    public async Task Script_that_has_to_sign_in_is_told_401_where_a_visitor_is_sent_to_the_sign_in_page()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(
            redis,
            new SiteOptions
            {
                Environment = Environments.Production,
                Services = services => services.AddAuthentication("cookie").AddCookie("cookie"),
                Application = application => application.UseAuthentication().UseAuthorization(),
                Endpoint = endpoint => endpoint.RequireAuthorization(),
            }
        );
        async Task<HttpStatusCode> Status(string path)
        {
            using var answer = await site.Visitor.GetAsync(
                new Uri(path, UriKind.Relative),
                TestContext.Current.CancellationToken
            );
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Redirect, await Status("sidekiq"));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status("sidekiq/api/stats"));
    }

    [Fact]
    public async Task Action_of_a_script_is_recorded_with_the_name_that_it_signed_in_with()
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
        site.Visitor.DefaultRequestHeaders.Add("User", "Ada");
        var api = await Api.Of(site);

        await api.Post("queues/billing/pause");

        Assert.Equal("6000 Ada on the dashboard: pause queue billing (billing is paused)", Assert.Single(site.Log));
    }

    // Each with names that are filled in, which nothing in Redis has.
    internal static IEnumerable<(HttpMethod Method, string Path, JsonElement Operation)> Operations(
        JsonElement document
    ) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        let filled = path.Name[1..].Replace("{key}", Key, StringComparison.Ordinal)
        select (
            operation.Name == "get" ? HttpMethod.Get : HttpMethod.Post,
            filled
                .Replace("{name}", "nowhere", StringComparison.Ordinal)
                .Replace("{class}", "Nothing", StringComparison.Ordinal),
            operation.Value
        );

    static string BodyOf(string path) =>
        path.Split('/')[^1] switch
        {
            "delete" when path.StartsWith("queues/", StringComparison.Ordinal) => $$"""{"job":"{{Key}}"}""",
            "retry" or "kill" or "delete" => $$"""{"entry":["{{Key}}"]}""",
            _ => "{}",
        };
}
