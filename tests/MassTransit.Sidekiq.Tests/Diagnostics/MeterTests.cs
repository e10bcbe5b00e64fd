using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using MassTransit.Logging;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests.Diagnostics;

/// <summary>What an OpenTelemetry exporter would get. Meters belong to the whole process, so each test has a queue name of its own.</summary>
[Collection(Activities.Collection)]
public sealed class MeterTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Claims_and_ends_of_jobs_are_counted_by_queue_and_outcome()
    {
        await using var redis = await RedisServer.Lease();
        using var measured = new Measured("messaging.destination.name", "metered");
        // No time passes, so that no job that waits here for its worker goes back to its queue and is claimed again.
        await using (var bus = await Start(redis, "metered", new FakeClock()))
        {
            await bus.Send("metered", new Work(1, Fails: false));
            await bus.Send("metered", new Work(2, Fails: false));
            await bus.Send("metered", new Work(3, Fails: true));
            await redis.SeedQueue("metered", "{no json", """{"class":"Nobody","args":[],"jid":"a","retry":0}""");
            await redis.Until(async state =>
                (await state.DeadSet()).Length == 2 && (await state.RetrySet()).Length == 1
            );
        }

        Assert.Equal(5, measured.Sum("messaging.client.consumed.messages"));
        Assert.Equal(3, measured.Sum("messaging.client.sent.messages"));
        var runs = measured.All.Where(one => one.Instrument == "messaging.process.duration").ToList();
        Assert.Equal(4, runs.Count);
        Assert.Single(
            runs,
            one => Equals(one.Tags.GetValueOrDefault("error.type"), "System.InvalidOperationException")
        );
        Assert.Equal(
            ["MassTransit::Sidekiq::Tests::Diagnostics::MeterTests::Work", "none"],
            runs.Select(one => (string)one.Tags["sidekiq.job.class"]!).Distinct().Order()
        );
        Assert.Equal(2, measured.Sum("sidekiq.jobs.settled", "acknowledged"));
        Assert.Equal(1, measured.Sum("sidekiq.jobs.settled", "retried"));
        Assert.Equal(1, measured.Sum("sidekiq.jobs.settled", "buried"));
        Assert.Equal(1, measured.Sum("sidekiq.jobs.settled", "unreadable"));
        Assert.Equal(2, measured.Sum("sidekiq.jobs.unreadable"));
        Assert.All(measured.All, one => Assert.InRange(one.Tags.Count, 2, 5));
    }

    [Fact]
    public async Task Queues_are_measured_as_the_last_beat_saw_them()
    {
        await using var redis = await RedisServer.Lease();
        using var measured = new Measured("messaging.destination.name", "gauged");
        await redis.Db.SetAddAsync("paused", "gauged");
        var anHourAgo = TestClock.Seconds(TimeProvider.System.GetUtcNow().AddHours(-1));
        await redis.SeedQueue("gauged", $$"""{"class":"A","args":[],"enqueued_at":{{anHourAgo}}}""", "{}", "{}");
        await using var bus = await Start(redis, "gauged");

        await Eventually.Until(() => measured.Last("sidekiq.queue.depth") is 3);
        Assert.InRange(measured.Last("sidekiq.queue.latency")!.Value, 3600, 4000);
    }

    [Fact]
    public async Task Sets_endpoints_and_the_lag_of_due_jobs_are_measured()
    {
        await using var redis = await RedisServer.Lease();
        using var sets = new Measured("sidekiq.set", "schedule");
        using var endpoints = new Measured("sidekiq.endpoint", "limited");
        await redis.SeedScheduledSet("""{"class":"A","args":[],"queue":"elsewhere"}""", DateTimeOffset.UnixEpoch);
        await using var bus = await Start(redis, "limited");

        await Eventually.Until(() => endpoints.Last("sidekiq.jobs.limit") is 3);
        // Other tests move jobs of their own.
        await Eventually.Until(() => sets.All.Any(one => one is { Instrument: "sidekiq.poll.lag", Value: > 1e9 }));
        await Eventually.Until(() => sets.Last("sidekiq.set.size") is not null);
        Assert.Equal(0, endpoints.Last("sidekiq.jobs.running"));
    }

    [Fact]
    public async Task Activities_of_sends_and_receives_say_that_the_system_is_sidekiq()
    {
        await using var redis = await RedisServer.Lease();
        var activities = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == DiagnosticHeaders.DefaultListenerName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activities.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var bus = await Start(redis, "traced");

        await bus.Send("traced", new Work(1, Fails: false));
        await Eventually.Until(() => activities.Any(activity => activity.OperationName == "traced receive"));

        var send = Assert.Single(activities, activity => activity.OperationName == "traced send");
        var receive = Assert.Single(activities, activity => activity.OperationName == "traced receive");
        Assert.Equal("sidekiq", send.GetTagItem("messaging.system"));
        Assert.Equal("sidekiq", receive.GetTagItem("messaging.system"));
        Assert.Equal("traced", receive.GetTagItem("messaging.destination.name"));
        Assert.Equal("traced", send.GetTagItem("messaging.destination.name"));
        Assert.Equal("send", send.GetTagItem("messaging.operation.type"));
        Assert.Equal("process", receive.GetTagItem("messaging.operation.type"));
        Assert.Equal(send.TraceId, receive.TraceId);
        Assert.Equal(send.SpanId, receive.ParentSpanId);
    }

    Task<TestBus> Start(RedisDatabase redis, string queue, TimeProvider? clock = null) =>
        TestBus.Start(
            redis,
            output,
            x => x.AddSingleton(clock ?? TimeProvider.System),
            (_, cfg) =>
            {
                cfg.Host(redis.Url, host => ((SidekiqHostSettings)host).Beat = TimeSpan.FromMilliseconds(50));
                cfg.ReceiveEndpoint(
                    queue,
                    e =>
                    {
                        e.ConcurrentMessageLimit = 3;
                        e.Handler<Work>(context =>
                            context.Message.Fails
                                ? throw new InvalidOperationException("on purpose")
                                : Task.CompletedTask
                        );
                    }
                );
            }
        );

    public sealed record Work(int Number, bool Fails);

    sealed record Measurement(string Instrument, double Value, IReadOnlyDictionary<string, object?> Tags);

    // What was measured with one tag.
    sealed class Measured : IDisposable
    {
        readonly MeterListener listener = new();
        readonly ConcurrentQueue<Measurement> all = [];
        readonly string tag;
        readonly string value;

        public Measured(string tag, string value)
        {
            (this.tag, this.value) = (tag, value);
            listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == SidekiqMeter.Name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.Start();
        }

        public IReadOnlyCollection<Measurement> All => all;

        public double Sum(string instrument, string? outcome = null) =>
            all.Where(one => one.Instrument == instrument)
                .Where(one => outcome is null || Equals(one.Tags["sidekiq.outcome"], outcome))
                .Sum(one => one.Value);

        // Asks the gauges, as an exporter does.
        public double? Last(string instrument)
        {
            listener.RecordObservableInstruments();
            return all.LastOrDefault(one => one.Instrument == instrument)?.Value;
        }

        public void Dispose() => listener.Dispose();

        void Add(Instrument instrument, double measured, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var named = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.Ordinal);
            if (named.TryGetValue(tag, out var found) && Equals(found, value))
            {
                all.Enqueue(new Measurement(instrument.Name, measured, named));
            }
        }
    }
}
