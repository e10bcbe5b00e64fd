using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// The log lines of an outbox, with the name of its context.
internal sealed class OutboxLog<TDbContext>(ILoggerFactory loggers)
{
    readonly ILogger logger = loggers.CreateLogger(OutboxLogMessages.Category);

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

    public void SetAside(Exception fault, int messages) => logger.SetAside(fault, messages, typeof(TDbContext).Name);

    public void Refused(Exception fault, string destination) =>
        logger.Refused(fault, typeof(TDbContext).Name, destination);

    public void RefusedNoMore(string destination, int messages) =>
        logger.RefusedNoMore(typeof(TDbContext).Name, destination, messages);

    public void Waits(string reason) => logger.Waits(typeof(TDbContext).Name, reason);

    public void WaitsNoMore(TimeSpan length) => logger.WaitsNoMore(typeof(TDbContext).Name, length.TotalSeconds);

    public void Unheard(string topic) => logger.Unheard(typeof(TDbContext).Name, topic);

    public void Unconfirmed(string reason) => logger.Unconfirmed(typeof(TDbContext).Name, reason);

    public void Confirmed() => logger.Confirmed(typeof(TDbContext).Name);

    public void NotKept(Exception fault, int jobs) => logger.NotKept(fault, jobs, typeof(TDbContext).Name);

    public void NotPushedAgain(Exception fault, int jobs, string queue) =>
        logger.NotPushedAgain(fault, jobs, typeof(TDbContext).Name, queue);

    public void LedgerUnreadable(int rows, string jid) => logger.LedgerUnreadable(rows, typeof(TDbContext).Name, jid);
}

internal static partial class OutboxLogMessages
{
    public const string Category = "MassTransit.Sidekiq.Outbox";

    [LoggerMessage(
        5001,
        LogLevel.Warning,
        "Messages were staged in {Context}, and its scope ended without SaveChanges: they were never sent"
    )]
    public static partial void NeverSaved(this ILogger logger, string context);

    [LoggerMessage(
        5002,
        LogLevel.Error,
        "{Count} messages in the outbox of {Context} cannot be sent and were set aside in OutboxFault. Fix the cause and release them with IOutboxInspector"
    )]
    public static partial void SetAside(this ILogger logger, Exception fault, int count, string context);

    [LoggerMessage(
        5020,
        LogLevel.Error,
        "Redis refuses what the outbox of {Context} sends to {Destination}: those messages are set aside in OutboxFault until that is fixed"
    )]
    public static partial void Refused(this ILogger logger, Exception fault, string context, string destination);

    [LoggerMessage(
        5021,
        LogLevel.Warning,
        "Redis takes what the outbox of {Context} sends to {Destination} again. {Count} messages were set aside meanwhile: release them with IOutboxInspector"
    )]
    public static partial void RefusedNoMore(this ILogger logger, string context, string destination, int count);

    // Both ends are warnings, so that a log without information still shows how long it lasted.
    [LoggerMessage(5022, LogLevel.Warning, "The outbox of {Context} waits: {Reason}")]
    public static partial void Waits(this ILogger logger, string context, string reason);

    [LoggerMessage(5023, LogLevel.Warning, "The outbox of {Context} drains again after {Seconds:0.0} s")]
    public static partial void WaitsNoMore(this ILogger logger, string context, double seconds);

    [LoggerMessage(
        5024,
        LogLevel.Warning,
        "A message in the outbox of {Context} reached no queue: this process does not know its type, and topic {Topic} has no subscribers"
    )]
    public static partial void Unheard(this ILogger logger, string context, string topic);

    [LoggerMessage(5025, LogLevel.Warning, "The outbox of {Context} sends without its replicas: {Reason}")]
    public static partial void Unconfirmed(this ILogger logger, string context, string reason);

    [LoggerMessage(5026, LogLevel.Warning, "The outbox of {Context} sends with its replicas again")]
    public static partial void Confirmed(this ILogger logger, string context);

    [LoggerMessage(
        5027,
        LogLevel.Error,
        "{Count} jobs that were published from the outbox of {Context} could not be recorded in its ledger. They are sent; if Redis loses them, they are not pushed again"
    )]
    public static partial void NotKept(this ILogger logger, Exception fault, int count, string context);

    [LoggerMessage(
        5028,
        LogLevel.Error,
        "{Count} jobs in the ledger of {Context} were nowhere in Redis, and queue {Queue} refuses them"
    )]
    public static partial void NotPushedAgain(
        this ILogger logger,
        Exception fault,
        int count,
        string context,
        string queue
    );

    [LoggerMessage(
        5029,
        LogLevel.Error,
        "{Count} rows in the ledger of {Context} hold no job and are marked dead, the first {JobId}"
    )]
    public static partial void LedgerUnreadable(this ILogger logger, int count, string context, string jobId);

    [LoggerMessage(
        5007,
        LogLevel.Error,
        "Table {Table} cannot be read, so the outbox of {Context} waits ({Reason}). Add a migration: dotnet ef migrations add Outbox, or migrationBuilder.CreateSidekiqOutbox()"
    )]
    public static partial void TablesMissing(this ILogger logger, string table, string context, string reason);

    [LoggerMessage(
        5008,
        LogLevel.Warning,
        "An observer threw while a message went through the outbox of {Context}; the message is staged anyway"
    )]
    public static partial void ObserverFailed(this ILogger logger, Exception fault, string context);

    [LoggerMessage(
        5009,
        LogLevel.Warning,
        "All scopes share one connection of {Context}, so its outbox cannot be drained concurrently: messages are sent when SaveChangesAsync or CommitAsync returns. For a relay give each context a connection of its own; SQLite in memory: 'Data Source=orders;Mode=Memory;Cache=Shared'"
    )]
    public static partial void ConnectionShared(this ILogger logger, string context);

    [LoggerMessage(
        5010,
        LogLevel.Warning,
        "{Context} cannot be created at the start of the bus, so its outbox was not checked"
    )]
    public static partial void ContextFailed(this ILogger logger, Exception fault, string context);

    [LoggerMessage(
        5006,
        LogLevel.Error,
        "{Count} jobs in the ledger of {Context} were pushed again five times and never reported, the first in queue {Queue}: they are marked dead. Check that their workers report (outbox_ledger.rb) and do not die of them"
    )]
    public static partial void GivenUp(this ILogger logger, int count, string context, string queue);

    [LoggerMessage(
        5005,
        LogLevel.Warning,
        "{Message} was sent past the outbox of {Context} while a transaction was open, in {Site}: it is sent even if that is rolled back. Send with IPublishEndpoint or ISendEndpointProvider of the scope, not with IBus; or call SkipOutbox() there"
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
        "Redis has lost its data, or is another server: {Count} jobs in the ledger of {Context} are looked for"
    )]
    public static partial void RedisLostItsData(this ILogger logger, int count, string context);
}
