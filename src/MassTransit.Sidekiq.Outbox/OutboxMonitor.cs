using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

/// Keeps the figures of an outbox and says what a person should know.
internal sealed class OutboxMonitor<TDbContext>(
    IOutboxInspector<TDbContext> inspector,
    OutboxSettings<TDbContext> settings,
    OutboxLog<TDbContext> log,
    TimeProvider clock
) : IDisposable
    where TDbContext : DbContext
{
    /// Counting a long table costs more than draining it.
    static readonly TimeSpan interval = TimeSpan.FromSeconds(5);

    readonly OutboxMetrics metrics = new(settings.Name);
    Task counting = Task.CompletedTask;
    long lookedAt;

    public OutboxMetrics Metrics => metrics;

    public void Drained(int messages, IReadOnlyCollection<Exception> faults)
    {
        metrics.Drained(messages - faults.Count);
        foreach (var fault in faults)
        {
            log.SetAside(fault);
        }
    }

    /// Counts anew, beside the drain, if somebody measures and the last count is old.
    public void Look()
    {
        if (metrics.IsMeasured && counting.IsCompleted && (lookedAt == 0 || clock.GetElapsedTime(lookedAt) > interval))
        {
            lookedAt = clock.GetTimestamp();
            counting = Count();
        }
    }

    public void Dispose() => metrics.Dispose();

    async Task Count()
    {
        try
        {
            metrics.Counts = await inspector.Count().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The drain meets the same database and says so; old figures are better than a second line.
        }
    }
}
