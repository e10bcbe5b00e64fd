using System.Diagnostics.Metrics;

namespace MassTransit.Sidekiq;

// The meter "MassTransit.Sidekiq.Outbox". Counts are taken from the database at most every few seconds, by whichever relay
// has seen work or its poll; each measurement is tagged with the name of the context.
internal sealed class OutboxMetrics : IDisposable
{
    public const string MeterName = "MassTransit.Sidekiq.Outbox";

    readonly Meter meter = new(MeterName);
    readonly Counter<long> drained;
    readonly KeyValuePair<string, object?> context;

    readonly ObservableGauge<long> pending;

    public OutboxMetrics(string contextName)
    {
        context = new KeyValuePair<string, object?>("sidekiq.outbox.context", contextName);
        drained = meter.CreateCounter<long>("sidekiq.outbox.drained", "{message}", "Messages sent from the outbox");
        pending = meter.CreateObservableGauge(
            "sidekiq.outbox.pending",
            () => Measure(Counts.Pending),
            "{message}",
            "Messages that are committed and not yet sent"
        );
        meter.CreateObservableGauge(
            "sidekiq.outbox.oldest",
            () => Measure(Counts.OldestAge.TotalSeconds),
            "s",
            "How long the oldest message waits"
        );
        meter.CreateObservableGauge(
            "sidekiq.outbox.set_aside",
            () => Measure(Counts.SetAside),
            "{message}",
            "Messages that could not be sent"
        );
        meter.CreateObservableGauge(
            "sidekiq.outbox.ledger_open",
            () => Measure(Counts.Open),
            "{job}",
            "Jobs that were sent and are not known to be completed"
        );
    }

    // As last seen.
    public OutboxCounts Counts { get; set; } = new(0, TimeSpan.Zero, 0);

    // Whether the metrics are collected.
    public bool IsMeasured => pending.Enabled;

    public void Drained(int messages) => drained.Add(messages, context);

    public void Dispose() => meter.Dispose();

    Measurement<T> Measure<T>(T value)
        where T : struct => new(value, context);
}
