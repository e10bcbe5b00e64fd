using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// Every line that the server logs. Event ids never change once released.
internal static partial class EmbeddedLog
{
    [LoggerMessage(
        EventId = 4000,
        Message = "Embedded server on 127.0.0.1:{Port}, data in {Folder}: for development and small installations. Use Redis or Valkey in production"
    )]
    public static partial void EmbeddedServerStarted(this ILogger logger, LogLevel level, int port, string folder);

    [LoggerMessage(
        4001,
        LogLevel.Critical,
        "The embedded server cannot write to {Folder}, and answers no more until it can: free the disk or make the folder writable"
    )]
    public static partial void CommitFailed(this ILogger logger, Exception fault, string folder);

    [LoggerMessage(4002, LogLevel.Error, "The embedded server closed the connection of client {Id}")]
    public static partial void ClientFailed(this ILogger logger, Exception fault, long id);
}
