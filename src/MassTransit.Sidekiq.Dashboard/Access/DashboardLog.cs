using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// What the dashboard logs, under its own category. Event ids stay as they are once released: 6000 the dashboard.
internal static partial class DashboardLog
{
    [LoggerMessage(6000, LogLevel.Information, "{User} on the dashboard: {Action} {Target} ({Result})")]
    public static partial void ActionDone(
        this ILogger logger,
        string user,
        string action,
        string target,
        string result
    );

    [LoggerMessage(6001, LogLevel.Warning, "{User} on the dashboard: {Action} at {Page} failed ({Reason})")]
    public static partial void ActionFailed(
        this ILogger logger,
        string user,
        string action,
        string page,
        string reason
    );

    [LoggerMessage(6002, LogLevel.Warning, "A request to the dashboard was refused: {Advice}")]
    public static partial void Closed(this ILogger logger, string advice);
}
