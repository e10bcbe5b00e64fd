using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq.Dashboard.Tests;

// What the dashboard logs, each line with its event.
public sealed class CapturedLog : ILoggerProvider
{
    readonly ConcurrentQueue<string> lines = [];

    public IReadOnlyCollection<string> Lines => lines;

    public ILogger CreateLogger(string categoryName) =>
        categoryName == "MassTransit.Sidekiq.Dashboard"
            ? new Logger(lines)
            : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public void Dispose() { }

    sealed class Logger(ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => lines.Enqueue($"{eventId.Id} {formatter(state, exception)}");
    }
}
