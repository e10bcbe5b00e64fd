using Microsoft.AspNetCore.Http;

namespace MassTransit;

/// <summary>How the dashboard looks, and who may do what on it.</summary>
public sealed class SidekiqDashboardOptions
{
    /// <summary>
    /// What the visitor of a request may do. Default: everything where the endpoint requires authorization
    /// (<c>MapSidekiqDashboard().RequireAuthorization("ops")</c>) or in the environment Development from this machine; nothing otherwise.
    /// </summary>
    public Func<HttpContext, SidekiqDashboardAccess>? Access { get; set; }

    /// <summary>Whether nobody may change anything, whatever <see cref="Access" /> answers. Default: false.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>
    /// Whether the contents of a job are hidden: arguments, tags, error message, backtrace and raw JSON. Class, times and ids are
    /// shown, and such a job cannot be edited. A message that an outbox has set aside is not yet a job: where this is set, the contents
    /// of all of them are hidden. Default: no job's are.
    /// </summary>
    public Func<SidekiqJob, bool>? Redact { get; set; }

    /// <summary>
    /// Where the trace of a job is shown: from its <see cref="SidekiqJob.TraceParent" /> to a page of Jaeger, Tempo or the like. Default:
    /// no link; null for a job means none.
    /// </summary>
    public Func<SidekiqJob, string?>? TraceLink { get; set; }

    /// <summary>Where the log of a job is shown, such as a search for its jid. Default: no link; null for a job means none.</summary>
    public Func<SidekiqJob, string?>? LogLink { get; set; }

    /// <summary>What the pages are called. Default: <c>Sidekiq</c>.</summary>
    public string Title { get; set; } = "Sidekiq";

    /// <summary>Where the title leads back to, such as the application. Default: the overview.</summary>
    public string? BackLink { get; set; }
}
