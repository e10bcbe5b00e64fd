using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using Microsoft.AspNetCore.Routing.Patterns;

namespace MassTransit.Sidekiq;

// The OpenAPI document, made from the routes.
internal sealed class ApiDocument
{
    const string Text =
        "What the pages of the dashboard show and do. Who may look and act is decided as for the pages. A POST needs the header Content-Type: application/json. Times are UTC, durations are seconds; a member without a value is null.";

    static readonly JsonSchemaExporterOptions schemaOptions = new() { TreatNullObliviousAsNonNullable = true };

    readonly JsonObject paths = [];
    readonly JsonObject schemas = [];

    public ApiDocument(IReadOnlyList<ApiRoute> routes)
    {
        foreach (var route in routes)
        {
            // The same path may be read and acted on.
            var path = route.Path.Replace("{**", "{", StringComparison.Ordinal);
            var operations = (JsonObject)(paths[path] ??= new JsonObject());
            operations[route.Run is null ? "get" : "post"] = Operation(route);
        }
    }

    public JsonObject For(DashboardCall call) =>
        new()
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = call.Options.Title,
                ["version"] = "1",
                ["description"] = Text,
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = call.Url("api") }),
            ["paths"] = paths.DeepClone(),
            ["components"] = new JsonObject { ["schemas"] = schemas.DeepClone() },
        };

    JsonObject Operation(ApiRoute route)
    {
        var operation = new JsonObject
        {
            ["operationId"] = (route.Run is null ? "get" : "") + Id(route.Path),
            ["tags"] = new JsonArray(route.Path.Split('/')[1]),
            ["summary"] = route.Summary,
            ["description"] = $"Needs the access level {route.Needed}.",
            ["parameters"] = new JsonArray([.. InPath(route), .. route.Query.Select(InQuery)]),
            ["responses"] = new JsonObject
            {
                ["200"] = Content("Done.", "application/json", route.Answer),
                ["default"] = Content("Why it was not done.", "application/problem+json", typeof(ApiProblem)),
            },
        };
        if (route.Run is not null)
        {
            operation["requestBody"] = Content("", "application/json", route.Body);
            operation["requestBody"]!["required"] = route.Body != typeof(EmptyBody);
        }

        return operation;
    }

    static IEnumerable<JsonNode> InPath(ApiRoute route) =>
        RoutePatternFactory
            .Parse(route.Path)
            .Parameters.Select(parameter => new JsonObject
            {
                ["name"] = parameter.Name,
                ["in"] = "path",
                ["required"] = true,
                ["schema"] = new JsonObject { ["type"] = "string" },
            });

    static JsonObject InQuery(ApiParameter parameter)
    {
        var schema = new JsonObject { ["type"] = parameter.Bounds is null ? "string" : "integer" };
        if (parameter.Bounds is { } bounds)
        {
            (schema["minimum"], schema["maximum"]) = (bounds.Least, bounds.Most);
        }

        return new JsonObject
        {
            ["name"] = parameter.Name,
            ["in"] = "query",
            ["required"] = parameter.IsRequired,
            ["description"] = parameter.Summary,
            ["schema"] = schema,
        };
    }

    JsonObject Content(string description, string mediaType, Type type)
    {
        schemas[type.Name] ??= ApiJson.Options.GetJsonSchemaAsNode(type, schemaOptions);
        return new JsonObject
        {
            ["description"] = description,
            ["content"] = new JsonObject
            {
                [mediaType] = new JsonObject
                {
                    ["schema"] = new JsonObject { ["$ref"] = $"#/components/schemas/{type.Name}" },
                },
            },
        };
    }

    // /queues/{name} becomes QueuesName.
    static string Id(string path) =>
        string.Concat(
            path.Split(['/', '-', '{', '*', '}'], StringSplitOptions.RemoveEmptyEntries)
                .Select(word => char.ToUpperInvariant(word[0]) + word[1..])
        );
}
