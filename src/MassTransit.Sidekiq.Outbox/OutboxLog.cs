using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

/// What an outbox has to say, with the name of its context.
internal sealed class OutboxLog<TDbContext>(ILoggerFactory loggers)
{
    readonly ILogger logger = loggers.CreateLogger("MassTransit.Sidekiq.Outbox");

    public void NeverSaved() => logger.NeverSaved(typeof(TDbContext).Name);

    public void Bypassed(string message, string site) => logger.Bypassed(message, site, typeof(TDbContext).Name);

    public void GivenUp(int jobs, string queue) => logger.GivenUp(jobs, typeof(TDbContext).Name, queue);

    public void PushedAgain(int jobs) => logger.PushedAgain(jobs, typeof(TDbContext).Name);

    public void RedisLostItsData(int jobs) => logger.RedisLostItsData(jobs, typeof(TDbContext).Name);

    public void ObserverFailed(Exception fault) => logger.ObserverFailed(fault, typeof(TDbContext).Name);

    public void TablesMissing(string table, string reason) =>
        logger.TablesMissing(table, typeof(TDbContext).Name, reason);

    public void ContextFailed(Exception fault) => logger.ContextFailed(fault, typeof(TDbContext).Name);

    public void ConnectionShared() => logger.ConnectionShared(typeof(TDbContext).Name);

    public void SetAside(Exception fault) => logger.SetAside(fault, typeof(TDbContext).Name);
}

internal static partial class OutboxLogMessages
{
    [LoggerMessage(
        5001,
        LogLevel.Warning,
        "Messages were staged in {Context}, and its scope ended without SaveChanges: they were never sent"
    )]
    public static partial void NeverSaved(this ILogger logger, string context);

    [LoggerMessage(
        5002,
        LogLevel.Error,
        "A message in the outbox of {Context} cannot be sent and was set aside in OutboxFault. Cure the cause and release it with IOutboxInspector"
    )]
    public static partial void SetAside(this ILogger logger, Exception fault, string context);

    [LoggerMessage(
        5007,
        LogLevel.Error,
        "Table {Table} cannot be read, so the outbox of {Context} waits ({Reason}). Add a migration: dotnet ef migrations add Outbox, or migrationBuilder.CreateSidekiqOutbox()"
    )]
    public static partial void TablesMissing(this ILogger logger, string table, string context, string reason);

    [LoggerMessage(
        5008,
        LogLevel.Warning,
        "An observer threw while a message went through the outbox of {Context}; the message is staged all the same"
    )]
    public static partial void ObserverFailed(this ILogger logger, Exception fault, string context);

    [LoggerMessage(
        5009,
        LogLevel.Warning,
        "All scopes share one connection of {Context}, so nothing can drain its outbox beside them: messages are sent when SaveChangesAsync or CommitAsync returns. For a relay give each context a connection of its own; SQLite in memory: 'Data Source=orders;Mode=Memory;Cache=Shared'"
    )]
    public static partial void ConnectionShared(this ILogger logger, string context);

    [LoggerMessage(
        5010,
        LogLevel.Warning,
        "{Context} cannot be made at the start of the bus, so nobody has looked whether its outbox can work"
    )]
    public static partial void ContextFailed(this ILogger logger, Exception fault, string context);

    [LoggerMessage(
        5006,
        LogLevel.Error,
        "{Count} jobs in the ledger of {Context} were pushed again five times and never reported, the first in queue {Queue}: they are marked dead. Do their workers report (outbox_ledger.rb), or do they die of them?"
    )]
    public static partial void GivenUp(this ILogger logger, int count, string context, string queue);

    [LoggerMessage(
        5005,
        LogLevel.Warning,
        "{Message} was sent past the outbox of {Context} while a transaction was open, in {Site}: it is out even if that is rolled back. Send with IPublishEndpoint or ISendEndpointProvider of the scope, not with IBus; or say SkipOutbox() there"
    )]
    public static partial void Bypassed(this ILogger logger, string message, string site, string context);

    [LoggerMessage(
        5003,
        LogLevel.Warning,
        "{Count} jobs in the ledger of {Context} were nowhere in Redis and were pushed again"
    )]
    public static partial void PushedAgain(this ILogger logger, int count, string context);

    [LoggerMessage(
        5004,
        LogLevel.Warning,
        "Redis has lost its data, or is another one: {Count} jobs in the ledger of {Context} are looked for"
    )]
    public static partial void RedisLostItsData(this ILogger logger, int count, string context);
}
