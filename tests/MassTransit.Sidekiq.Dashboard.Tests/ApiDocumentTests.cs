using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class ApiDocumentTests
{
    [Fact]
    public async Task Document_has_each_route_and_each_route_of_the_document_answers()
    {
        await using var redis = await RedisServer.Lease();
        WebApplication? application = null;
        await using var site = await Site.Open(redis, new SiteOptions { Application = built => application = built });
        var api = await Api.Of(site);

        var mapped = ((IEndpointRouteBuilder)application!)
            .DataSources.SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/sidekiq/api/", StringComparison.Ordinal))
            .Select(endpoint =>
                string.Join(',', endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["any"])
                + endpoint.RoutePattern.RawText!["/sidekiq/api".Length..].Replace("{**", "{", StringComparison.Ordinal)
            )
            .Except(["GET/openapi.json", "any/{path}"]);
        var described = api
            .Document.GetProperty("paths")
            .EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(verb => verb.Name.ToUpperInvariant() + path.Name));
        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));

        foreach (var (method, path, _) in ApiGateTests.Operations(api.Document))
        {
            using var answer = await api.Send(method, path, "{}");
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain("lists what there is", text, StringComparison.Ordinal);
            Assert.True(answer.StatusCode < HttpStatusCode.InternalServerError, $"{method} {path}: {text}");
        }
    }

    [Fact]
    public async Task Document_is_one_of_OpenAPI_3_1_without_a_fault()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        var read = OpenApiDocument.Parse(api.Document.GetRawText(), "json");

        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic!.SpecificationVersion);
        Assert.Empty(read.Diagnostic.Errors.Concat(read.Diagnostic.Warnings).Select(fault => fault.ToString()));
        Assert.Equal(api.Document.GetProperty("paths").EnumerateObject().Count(), read.Document!.Paths.Count);
        var ids = read
            .Document.Paths.Values.SelectMany(path => path.Operations!.Values)
            .Select(item => item.OperationId);
        Assert.Equal(ids.Count(), ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Schema_of_a_body_tells_what_is_needed_and_that_nothing_else_is_taken()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);
        var schemas = (await Api.Of(site)).Document.GetProperty("components").GetProperty("schemas");

        Assert.Equal(
            """{"type":"object","properties":{"entry":{"type":"string"},"at":{"type":"string","format":"date-time"}},"required":["entry","at"],"additionalProperties":false}""",
            schemas.GetProperty("RescheduleBody").GetRawText()
        );
    }

    // No endpoint of the dashboard is for the readers of the application's own document.
    [Fact]
    public async Task Document_of_the_application_itself_has_nothing_of_the_dashboard()
    {
        await using var redis = await RedisServer.Lease();
        WebApplication? application = null;
        await using var site = await Site.Open(redis, new SiteOptions { Application = built => application = built });

        var endpoints = ((IEndpointRouteBuilder)application!)
            .DataSources.SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .ToList();

        Assert.NotEmpty(endpoints);
        Assert.All(
            endpoints,
            endpoint =>
                Assert.True(endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>()?.ExcludeFromDescription)
        );
    }
}
