using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// Keeps the metrics of an outbox and logs what the operator should know.
internal sealed class OutboxMonitor<TDbContext>(
    IOutboxInspector<TDbContext> inspector,
    OutboxSettings<TDbContext> settings,
    OutboxLog<TDbContext> log,
    DrainedMinute<TDbContext> minute,
    TimeProvider clock
) : IDisposable
    where TDbContext : DbContext
{
    // Counting a long table costs more than draining it: it may take one fiftieth of the time.
    static readonly TimeSpan interval = TimeSpan.FromSeconds(5);
    const int Share = 50;

    readonly OutboxMetrics metrics = new(settings.Name);
    readonly OutboxTroubles<TDbContext> troubles = new(log, clock);
    TimeSpan pause = interval;
    Task counting = Task.CompletedTask;
    long lookedAt;

    public OutboxMetrics Metrics => metrics;

    // A batch has ended.
    public void Drained(OutboxBatch batch, OutboxOutcome outcome, Exception? notKept)
    {
        var sent = batch.Messages.Count - outcome.LeftCount - outcome.Faults.Count;
        metrics.Drained(sent);
        minute.Add(sent);
        troubles.Drained(batch.Messages, outcome);
        if (notKept is not null)
        {
            log.NotKept(notKept, outcome.Copies.Count);
        }
    }

    // Redis takes nothing for now; the connection itself reports when it is lost.
    public void Waits(Exception outage)
    {
        if (RedisErrors.FailureOf(outage) == StepFailure.Waits)
        {
            troubles.Waits(outage);
        }
    }

    // Counts again, concurrently with the drain, if the metrics are collected and the last count is old.
    public void Look()
    {
        if (metrics.IsMeasured && counting.IsCompleted && (lookedAt == 0 || clock.GetElapsedTime(lookedAt) > pause))
        {
            lookedAt = clock.GetTimestamp();
            counting = Count();
        }
    }

    public void Dispose() => metrics.Dispose();

    async Task Count()
    {
        var started = clock.GetTimestamp();
        try
        {
            metrics.Counts = await inspector.Count().ConfigureAwait(false);
            var took = clock.GetElapsedTime(started) * Share;
            pause = took > interval ? took : interval;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The drain meets the same database and logs it; old figures are better than a second line.
        }
    }
}
