using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace MassTransit.Sidekiq;

// The last known sizes of the process's queues and of Sidekiq's sets. A measurement never queries Redis: the heartbeat does, and
// only while a listener is enabled.
internal sealed class SidekiqGauges(Roster roster, InspectionStore store, TimeProvider clock)
{
    const string Queue = "messaging.destination.name";

    static readonly ConcurrentDictionary<SidekiqGauges, byte> processes = new();

    static readonly Instrument[] instruments =
    [
        SidekiqMeter.Meter.CreateObservableGauge(
            "sidekiq.queue.depth",
            () => All(gauges => gauges.queues.Select(queue => Of(queue.Size, Queue, queue.Name))),
            "{job}",
            "Jobs that wait in a queue of this process."
        ),
        SidekiqMeter.Meter.CreateObservableGauge(
            "sidekiq.queue.latency",
            () => All(gauges => gauges.queues.Select(queue => Of(queue.Latency.TotalSeconds, Queue, queue.Name))),
            "s",
            "How long the next job of a queue of this process has waited."
        ),
        SidekiqMeter.Meter.CreateObservableGauge(
            "sidekiq.set.size",
            () => All(gauges => gauges.sets.Select(set => Of(set.Size, "sidekiq.set", set.Name))),
            "{job}",
            "Jobs in the retry, scheduled and dead sets."
        ),
        SidekiqMeter.Meter.CreateObservableGauge(
            "sidekiq.jobs.running",
            () => All(gauges => gauges.Endpoints(endpoint => endpoint.Busy)),
            "{job}",
            "Jobs that run now, by endpoint."
        ),
        SidekiqMeter.Meter.CreateObservableGauge(
            "sidekiq.jobs.limit",
            () => All(gauges => gauges.Endpoints(endpoint => endpoint.Concurrency)),
            "{job}",
            "Jobs that may run at once, by endpoint."
        ),
    ];

    IReadOnlyList<(string Name, long Size, TimeSpan Latency)> queues = [];
    IReadOnlyList<(string Name, long Size)> sets = [];

    public void Start() => processes.TryAdd(this, 0);

    public void Stop() => processes.TryRemove(this, out _);

    // Called with each beat.
    public async Task Look()
    {
        if (!Array.Exists(instruments, instrument => instrument.Enabled))
        {
            return;
        }

        string[] names =
        [
            .. roster.Endpoints.SelectMany(endpoint => endpoint.Queues.Names).Distinct(StringComparer.Ordinal),
        ];
        var seen = store.Queues(names, []);
        var (retry, schedule, dead) = (
            store.Count(DueSet.Retry),
            store.Count(DueSet.Schedule),
            store.Count(DueSet.Dead)
        );
        await Task.WhenAll(seen, retry, schedule, dead).ConfigureAwait(false);

        var now = clock.GetUtcNow();
        queues = [.. seen.Result.Select(queue => (queue.Name, queue.Size, queue.Latency(now)))];
        sets = [("retry", retry.Result), ("schedule", schedule.Result), ("dead", dead.Result)];
    }

    static IEnumerable<Measurement<T>> All<T>(Func<SidekiqGauges, IEnumerable<Measurement<T>>> measure)
        where T : struct => processes.Keys.SelectMany(measure);

    IEnumerable<Measurement<long>> Endpoints(Func<EndpointWork, long> measure) =>
        roster.Endpoints.Select(endpoint => Of(measure(endpoint), "sidekiq.endpoint", endpoint.Name));

    static Measurement<T> Of<T>(T value, string tag, string name)
        where T : struct => new(value, SidekiqMeter.System, new KeyValuePair<string, object?>(tag, name));
}
