using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace MassTransit.Sidekiq;

// The style sheet and the script, from the assembly. Their names in a page hold a hash of their content, so that browsers may keep them.
internal static class Assets
{
    static readonly Dictionary<string, (byte[] Content, string Type)> all = new(StringComparer.Ordinal)
    {
        ["dashboard.css"] = (Read("dashboard.css"), "text/css; charset=utf-8"),
        ["dashboard.js"] = (Read("dashboard.js"), "text/javascript; charset=utf-8"),
    };

    public static string Version { get; } =
        Convert.ToHexStringLower(SHA256.HashData([.. all.Values.SelectMany(asset => asset.Content)]).AsSpan(0, 8));

    public static async Task Serve(HttpContext context)
    {
        if (!all.TryGetValue((string?)context.Request.RouteValues["name"] ?? "", out var asset))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = asset.Type;
        context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(asset.Content, context.RequestAborted).ConfigureAwait(false);
    }

    static byte[] Read(string name)
    {
        using var stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"'{name}' is not embedded in the assembly.");
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
