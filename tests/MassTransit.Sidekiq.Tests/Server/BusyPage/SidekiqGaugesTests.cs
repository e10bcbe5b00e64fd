using System.Diagnostics.Metrics;
using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

/// <summary>Meters belong to the whole process, so each test has an endpoint and a queue of a name of its own.</summary>
public sealed class SidekiqGaugesTests
{
    [Fact]
    public async Task Queue_is_measured_as_it_was_last_looked_at()
    {
        const string Queue = "gauges-seen";
        await using var steps = await RedisSteps.Open();
        var (gauges, clock) = Gauges(steps, Endpoint(Queue));
        using var measured = new Measured();
        gauges.Start();
        await steps.Redis.SeedQueue(
            Queue,
            $$"""{"enqueued_at":{{TestClock.Seconds(clock.GetUtcNow().AddSeconds(-90))}}}""",
            "{}"
        );
        Assert.Null(measured.Read("sidekiq.queue.depth", Queue));

        await gauges.Look();
        await steps.Redis.SeedQueue(Queue, "{}");

        Assert.Equal(2, measured.Read("sidekiq.queue.depth", Queue));
        Assert.Equal(90, measured.Read("sidekiq.queue.latency", Queue));
        await gauges.Look();
        Assert.Equal(3, measured.Read("sidekiq.queue.depth", Queue));
        gauges.Stop();
    }

    [Fact]
    public async Task Endpoint_is_measured_as_it_is_now()
    {
        const string Name = "gauges-running";
        await using var steps = await RedisSteps.Open();
        var endpoint = Endpoint(Name);
        var (gauges, _) = Gauges(steps, endpoint);
        using var measured = new Measured();
        gauges.Start();
        Assert.Equal((0, 2), (measured.Read("sidekiq.jobs.running", Name), measured.Read("sidekiq.jobs.limit", Name)));

        endpoint.Begin(0, new JobRunStub("{}"));

        Assert.Equal(1, measured.Read("sidekiq.jobs.running", Name));
        gauges.Stop();
    }

    [Fact]
    public async Task Process_that_has_stopped_is_measured_no_more()
    {
        const string Name = "gauges-stopped";
        await using var steps = await RedisSteps.Open();
        var (gauges, _) = Gauges(steps, Endpoint(Name));
        using var measured = new Measured();
        gauges.Start();
        await gauges.Look();
        Assert.NotNull(measured.Read("sidekiq.queue.depth", Name));

        gauges.Stop();

        Assert.Null(measured.Read("sidekiq.queue.depth", Name));
        Assert.Null(measured.Read("sidekiq.jobs.limit", Name));
    }

    static (SidekiqGauges, FakeClock) Gauges(RedisSteps steps, EndpointWork endpoint)
    {
        var (roster, clock) = (new Roster(), new FakeClock());
        roster.Add(endpoint);
        return (new SidekiqGauges(roster, new InspectionStore(steps.Connection, steps.Keys), clock), clock);
    }

    static EndpointWork Endpoint(string name) => new(name, new QueueOrder(name), concurrency: 2);

    // What a collector would get, asked by hand.
    sealed class Measured : IDisposable
    {
        readonly MeterListener listener = new();
        readonly List<(string Instrument, string? Name, double Value)> values = [];

        public Measured()
        {
            listener.InstrumentPublished = (instrument, of) =>
            {
                if (instrument.Meter == SidekiqMeter.Meter && instrument.IsObservable)
                {
                    of.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((of, value, tags, _) => Note(of, value, tags));
            listener.SetMeasurementEventCallback<double>((of, value, tags, _) => Note(of, value, tags));
            listener.Start();
        }

        // Null when it is not measured.
        public double? Read(string instrument, string name)
        {
            values.Clear();
            listener.RecordObservableInstruments();
            var found = values.Where(value => value.Instrument == instrument && value.Name == name).ToList();
            return found.Count == 0 ? null : Assert.Single(found).Value;
        }

        public void Dispose() => listener.Dispose();

        void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            values.Add((instrument.Name, tags[^1].Value as string, value));
    }
}
