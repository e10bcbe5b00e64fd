using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq.Dashboard.Tests;

// A script that uses the API of a site. Each answer is compared with the schema that the site's own document has for it.
public sealed class Api
{
    readonly Site site;
    readonly string root;

    Api(Site site, string root, JsonElement document) => (this.site, this.root, Document) = (site, root, document);

    public JsonElement Document { get; }

    public static async Task<Api> Of(Site site, string root = "sidekiq/api")
    {
        var path = new Uri($"{root}/openapi.json", UriKind.Relative);
        using var answer = await site.Visitor.GetAsync(path, TestContext.Current.CancellationToken).InTime();
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return new Api(site, root, await Json(answer));
    }

    // What is there.
    public async Task<JsonElement> Get(string path) => await Expect(HttpMethod.Get, path, null, HttpStatusCode.OK);

    // What an action came to.
    public async Task<JsonElement> Post(string path, string? body = null) =>
        await Expect(HttpMethod.Post, path, body, HttpStatusCode.OK);

    // Why it was not done.
    public async Task<string> Fails(HttpStatusCode status, HttpMethod method, string path, string? body = null) =>
        (await Expect(method, path, body, status)).GetProperty("detail").GetString()!;

    public async Task<HttpResponseMessage> Send(
        HttpMethod method,
        string path,
        string? body = null,
        string? mediaType = "application/json",
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, new Uri($"{root}/{path}", UriKind.Relative));
        if (method == HttpMethod.Post)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body ?? ""));
            request.Content.Headers.ContentType = mediaType is null ? null : MediaTypeHeaderValue.Parse(mediaType);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await site.Visitor.SendAsync(request, TestContext.Current.CancellationToken).InTime();
    }

    async Task<JsonElement> Expect(HttpMethod method, string path, string? body, HttpStatusCode status)
    {
        using var answer = await Send(method, path, body);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == status, $"{method} {path}: {answer.StatusCode}\n{text}");
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        var json = await Json(answer);
        if (OperationOf(method, path.Split('?')[0]) is { } operation)
        {
            var response = operation
                .GetProperty("responses")
                .GetProperty(status == HttpStatusCode.OK ? "200" : "default")
                .GetProperty("content")
                .GetProperty(answer.Content.Headers.ContentType!.MediaType!);
            Assert.Empty(Schema.Faults(json, response.GetProperty("schema"), Document));
        }

        return json;
    }

    // The one whose path this is; one with names counts less than one without.
    JsonElement? OperationOf(HttpMethod method, string path)
    {
        var parts = path.Split('/');
        var found = Document
            .GetProperty("paths")
            .EnumerateObject()
            .Where(item => Fits(item.Name[1..].Split('/'), parts))
            .OrderBy(item => item.Name.Count(letter => letter == '{'))
            .Select(item => item.Value.TryGetProperty(Verb(method), out var operation) ? operation : (JsonElement?)null)
            .OfType<JsonElement>();
        return found.Cast<JsonElement?>().FirstOrDefault();
    }

    static bool Fits(string[] template, string[] parts) =>
        template.Length == parts.Length
        && template.Zip(parts).All(pair => pair.First[0] == '{' || pair.First == pair.Second);

    static string Verb(HttpMethod method) => method == HttpMethod.Get ? "get" : "post";

    static async Task<JsonElement> Json(HttpResponseMessage answer)
    {
        using var json = JsonDocument.Parse(
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
        );
        return json.RootElement.Clone();
    }
}
