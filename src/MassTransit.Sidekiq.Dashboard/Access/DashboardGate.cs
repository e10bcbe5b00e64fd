using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

/// <summary>
/// Lets a request in, or answers it.
/// 1. What the visitor may do is the options' to say, or authorization's; without either, only this machine in Development may enter.
/// 2. A form must come from a page of this dashboard: the browser says so (Sec-Fetch-Site, or Origin where it has none), and it brings
///    back a random token that a cookie of the same site holds as well.
/// 3. The API takes no form: its JSON is what a browser sends to another site only after asking, and nothing here answers that it may.
/// 4. Pages run no script and no style but those of the dashboard, and are framed by nobody.
/// </summary>
internal sealed class DashboardGate(
    SidekiqDashboardOptions options,
    IHostEnvironment? environment,
    ILogger logger,
    string pattern
)
{
    const string Cookie = "sidekiq-dashboard";
    const string Field = "token";

    const string Advice =
        "The dashboard is closed. Open it with MapSidekiqDashboard().RequireAuthorization(\"policy\"), or with options.Access; without either it answers only to this machine in Development.";

    int hasRefused;

    // What of a job the bus lets be shown.
    public required Func<SidekiqJob, SidekiqJob> Redacted { get; init; }

    public async Task<DashboardCall?> Enter(HttpContext context, SidekiqDashboardAccess needed)
    {
        Protect(context.Response.Headers);
        var access = AccessOf(context);
        if (Refusal(access, needed) is { } reason)
        {
            await Answer(context, reason).ConfigureAwait(false);
            return null;
        }

        return Call(context, access, Token(context, context.Request.PathBase + pattern));
    }

    // The same visitors with the same levels, without a cookie.
    public async Task<DashboardCall?> EnterApi(HttpContext context, SidekiqDashboardAccess needed)
    {
        Protect(context.Response.Headers);
        var access = AccessOf(context);
        if (Refusal(access, needed) is { } reason)
        {
            await ApiProblem.Write(context, StatusCodes.Status403Forbidden, reason).ConfigureAwait(false);
            return null;
        }

        return Call(context, access, token: "");
    }

    // A page of another site can have a visitor's browser send a form or text here, cookies included, but application/json only once
    // this server has agreed to it (a CORS preflight), which it never does. So the type of the content proves what the token of a form
    // does, and a script needs neither. Where the application itself allows other origins, the browser still says which it was.
    public async Task<DashboardCall?> EnterApiToAct(HttpContext context)
    {
        if (await EnterApi(context, SidekiqDashboardAccess.Act).ConfigureAwait(false) is not { } call)
        {
            return null;
        }

        if (!context.Request.HasJsonContentType())
        {
            await ApiProblem
                .Write(
                    context,
                    StatusCodes.Status415UnsupportedMediaType,
                    "The request has no JSON. Send it with the header Content-Type: application/json; the body may be empty where nothing is needed."
                )
                .ConfigureAwait(false);
            return null;
        }

        if (IsFromElsewhere(context.Request))
        {
            await ApiProblem
                .Write(context, StatusCodes.Status403Forbidden, "A page of another site may not use this API.")
                .ConfigureAwait(false);
            return null;
        }

        return call;
    }

    public async Task<DashboardCall?> EnterToAct(HttpContext context)
    {
        if (await Enter(context, SidekiqDashboardAccess.Act).ConfigureAwait(false) is not { } call)
        {
            return null;
        }

        var isReadable = true;
        if (context.Request.HasFormContentType && IsFromHere(context.Request))
        {
            isReadable = await IsForm(context).ConfigureAwait(false);
            if (isReadable && IsToken(context.Request, call.Form[Field]))
            {
                return call;
            }
        }

        await Answer(
                context,
                isReadable
                    ? "The form did not come from a page of this dashboard. Reload the page and try again."
                    : "The form is larger than this server reads, or is not a form. Choose fewer at once, or use the API.",
                isReadable ? StatusCodes.Status403Forbidden : StatusCodes.Status400BadRequest
            )
            .ConfigureAwait(false);
        return null;
    }

    // False beyond the limits of FormOptions, which the application may set.
    static async Task<bool> IsForm(HttpContext context)
    {
        try
        {
            await context.Request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    public void Record(DashboardCall call, ActionResult result)
    {
        if (result.IsFailure)
        {
            // What could not even begin is told as the form calls it.
            var action = result.Action.Length > 0 ? result.Action : call.Field("action") ?? "nothing";
            logger.ActionFailed(Show.Line(call.User), Show.Line(action), Show.Line(call.Path), Show.Line(result.Text));
        }
        else
        {
            logger.ActionDone(
                Show.Line(call.User),
                Show.Line(result.Action),
                Show.Line(result.Target),
                Show.Line(result.Text)
            );
        }
    }

    SidekiqDashboardAccess AccessOf(HttpContext context)
    {
        if (options.Access is { } decide)
        {
            return decide(context);
        }

        // Authorization has let it in, unless somebody has switched that off again for the endpoint.
        var metadata = context.GetEndpoint()?.Metadata;
        var isAuthorized =
            metadata?.GetMetadata<IAuthorizeData>() is not null && metadata.GetMetadata<IAllowAnonymous>() is null;
        return isAuthorized || (environment?.IsDevelopment() == true && IsLocal(context.Connection))
            ? SidekiqDashboardAccess.Admin
            : SidekiqDashboardAccess.None;
    }

    static bool IsLocal(ConnectionInfo connection) =>
        connection.RemoteIpAddress is null || IPAddress.IsLoopback(connection.RemoteIpAddress);

    // Null for a visitor who may.
    string? Refusal(SidekiqDashboardAccess access, SidekiqDashboardAccess needed)
    {
        if (access >= needed && (needed <= SidekiqDashboardAccess.Read || !options.ReadOnly))
        {
            return null;
        }

        if (access != SidekiqDashboardAccess.None)
        {
            return $"You may {(options.ReadOnly ? "only look: the dashboard is read-only" : "not do this")}.";
        }

        if (options.Access is null && Interlocked.Exchange(ref hasRefused, 1) == 0)
        {
            logger.Closed(Advice);
        }

        return options.Access is null ? Advice : "You may not look at this dashboard.";
    }

    DashboardCall Call(HttpContext context, SidekiqDashboardAccess access, string token) =>
        new(
            context,
            context.Request.PathBase + pattern,
            options,
            options.ReadOnly && access > SidekiqDashboardAccess.Read ? SidekiqDashboardAccess.Read : access,
            token
        )
        {
            Redacted = Redacted,
        };

    static Task Answer(HttpContext context, string text, int status = StatusCodes.Status403Forbidden)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    static void Protect(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
    }

    static bool IsFromHere(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"] is [{ Length: > 0 } site]
            ? site == "same-origin"
            : request.Headers.Origin is [{ Length: > 0 } origin] && IsOrigin(request, origin);

    // A script that is no page tells neither; "none" is a visitor who typed the address.
    static bool IsFromElsewhere(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].Count > 0
            ? request.Headers["Sec-Fetch-Site"] is not ["same-origin" or "none"]
            : request.Headers.Origin.Count > 0 && !IsFromHere(request);

    static bool IsOrigin(HttpRequest request, string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var from)
        && string.Equals(from.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);

    static bool IsToken(HttpRequest request, string? sent) =>
        request.Cookies[Cookie] is { Length: > 0 } kept
        && sent is { Length: > 0 }
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(kept), Encoding.UTF8.GetBytes(sent));

    static string Token(HttpContext context, string root)
    {
        if (context.Request.Cookies[Cookie] is { Length: 43 } kept)
        {
            return kept;
        }

        var made = Convert
            .ToBase64String(RandomNumberGenerator.GetBytes(32))
            .TrimEnd('=')
            .Replace('+', '-')
            .Replace('/', '_');
        context.Response.Cookies.Append(
            Cookie,
            made,
            new CookieOptions
            {
                HttpOnly = true,
                IsEssential = true,
                Path = root.Length == 0 ? "/" : root,
                SameSite = SameSiteMode.Strict,
                Secure = context.Request.IsHttps,
            }
        );
        return made;
    }
}
