using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace MassTransit.Sidekiq;

// One request to the dashboard: who makes it, what may be done, and where its links lead.
internal sealed class DashboardCall
{
    readonly HttpContext context;
    ActionResult? told;
    IFormCollection? body;

    internal DashboardCall(
        HttpContext context,
        string root,
        SidekiqDashboardOptions options,
        SidekiqDashboardAccess access,
        string token
    ) => (this.context, Root, Options, Access, Token) = (context, root, options, access, token);

    // The options of the dashboard.
    public SidekiqDashboardOptions Options { get; }

    // What the visitor may do.
    public SidekiqDashboardAccess Access { get; }

    // Whether jobs may be retried, killed and the like.
    public bool CanAct => Access >= SidekiqDashboardAccess.Act;

    // Whether queues may be cleared and processes stopped.
    public bool IsAdmin => Access >= SidekiqDashboardAccess.Admin;

    // The time that ages are told from, the same on the whole page.
    public DateTimeOffset Now { get; } = RealTime.Clock.GetUtcNow();

    // Whether messages that an outbox has set aside show no contents, and limits no keys: the options tell of jobs, which these are not.
    public bool HidesMessages => Options.Redact is not null;

    // Whether the bus has an outbox, and so a page for it.
    public bool HasOutbox { get; internal set; }

    // What a form sends back, beside the cookie that holds the same.
    public string Token { get; }

    // The path of the page, below the dashboard: <c>/retries</c>.
    public string Path => context.Request.Path.Value![Math.Min(RootPath.Length, context.Request.Path.Value!.Length)..];

    // What the last action came to, as it was passed on; null when there was none.
    public string? Notice => told?.Text ?? Query("done");

    // Whether that failed.
    public bool HasFailed => told?.IsFailure ?? Query("failed") is not null;

    internal required Func<SidekiqJob, SidekiqJob> Redacted { get; init; }

    internal string Root { get; }

    internal CancellationToken Aborted => context.RequestAborted;

    internal string User => context.User.Identity?.Name is { Length: > 0 } name ? name : "anonymous";

    // What a form brings, or the JSON of the API: an action does not know which.
    internal IFormCollection Form => body ?? context.Request.Form;

    string RootPath => Root[context.Request.PathBase.Value!.Length..];

    // Whether the contents of a job are hidden from everybody; what is no job shows as it is.
    public bool IsRedacted(SidekiqEntry entry) => entry.Job is { } job && IsRedacted(job);

    // The job without what its bus hides.
    public SidekiqJob Shown(SidekiqJob job) => Redacted(job);

    // Whether it may not be edited: its arguments would be lost where they are hidden.
    public bool HidesArguments(SidekiqJob job) => IsRedacted(job) || !ReferenceEquals(job, Redacted(job));

    public string Arguments(SidekiqEntry entry) => entry.Job is { } job ? Arguments(job) : Show.Cut(entry.Text);

    public string Arguments(SidekiqJob job) => IsRedacted(job) ? "hidden" : Show.Arguments(Redacted(job));

    public IReadOnlyList<string> Tags(SidekiqEntry entry) => entry.Job is { } job && !IsRedacted(job) ? job.Tags : [];

    public bool IsRedacted(SidekiqJob job) => Options.Redact?.Invoke(job) == true;

    // A link below the dashboard; each part is escaped.
    public string Url(params string[] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return parts.Length == 0
            ? Root + "/"
            : Root + string.Concat(parts.Select(part => "/" + Uri.EscapeDataString(part)));
    }

    // A part of the route, such as the name of a queue. A slash in it is the one letter that arrives as it was escaped.
    public string Route(string name) =>
        ((string?)context.Request.RouteValues[name] ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    // A parameter of the query; null when it is absent or empty.
    public string? Query(string name) =>
        context.Request.Query[name].FirstOrDefault() is { Length: > 0 } text ? text : null;

    // A whole number of the query within bounds; the default where it is none.
    public int Number(string name, int otherwise, int least, int most) =>
        int.TryParse(Query(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? Math.Clamp(number, least, most)
            : otherwise;

    internal void Bring(IFormCollection fields) => body = fields;

    internal string? Field(string name) => Form[name].FirstOrDefault() is { Length: > 0 } text ? text : null;

    // The same, where an empty field is something else than none.
    internal string? Given(string name) => Form[name].FirstOrDefault();

    // What was typed into a form that is shown again; null when the page is shown for the first time.
    internal string? Typed(string name) => context.Request.HasFormContentType ? Field(name) : null;

    // For the page that is shown again without a redirect.
    internal void Tell(ActionResult result) => told = result;

    // The page that the form stood on, with what became of it; or the list above it, when what it showed has left.
    internal string Back(ActionResult result, bool hasLeft = false)
    {
        var page = context.Request.Path.Value!.TrimEnd('/');
        var path = context.Request.PathBase + new PathString(hasLeft ? page[..page.LastIndexOf('/')] : page);
        // A header, so it is cut: what is told may quote what was sent.
        var query = context
            .Request.Query.Where(pair => pair.Key is not ("done" or "failed"))
            .SelectMany(pair => pair.Value.Select(value => KeyValuePair.Create(pair.Key, value)))
            .Append(KeyValuePair.Create("done", (string?)Show.Cut(result.Text, 500)));

        return path
            + QueryString.Create(result.IsFailure ? query.Append(KeyValuePair.Create("failed", (string?)"1")) : query);
    }
}
