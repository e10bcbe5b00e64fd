using System.Collections.Concurrent;
using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Shop.Telemetry;

namespace MassTransit.Sidekiq.Tests.Diagnostics
{
    /// <summary>What an application sees that has added our instrumentation to OpenTelemetry and nothing else.</summary>
    [Collection(Activities.Collection)]
    public sealed class OpenTelemetryTests(ITestOutputHelper output)
    {
        [Fact]
        public async Task One_trace_leads_from_a_send_through_its_consumer_to_what_that_sends()
        {
            await using var redis = await RedisServer.Lease();
            using var traces = new Traces();
            await using var bus = await Start(redis);

            await bus.Send("telemetry", new Ask(1));
            await Until(() => traces.Of("telemetry-answers").Any(one => one.Kind == ActivityKind.Consumer));

            var send = Assert.Single(traces.Of("telemetry"), one => one.Kind == ActivityKind.Producer);
            Assert.All(
                traces.Of("telemetry").Concat(traces.Of("telemetry-answers")),
                one =>
                {
                    Assert.Equal(send.TraceId, one.TraceId);
                    Assert.Equal("sidekiq", one.GetTagItem("messaging.system"));
                    Assert.Equal(
                        one.Kind == ActivityKind.Producer ? "send" : "receive",
                        one.GetTagItem("messaging.operation.name")
                    );
                    Assert.Equal(
                        one.Kind == ActivityKind.Producer ? "send" : "process",
                        one.GetTagItem("messaging.operation.type")
                    );
                }
            );
        }

        [Fact]
        public async Task Trace_of_a_Ruby_job_goes_on_in_its_consumer()
        {
            await using var redis = await RedisServer.Lease();
            using var traces = new Traces();
            await redis.SeedQueue(
                "telemetry",
                """{"class":"Shop::Telemetry::Ask","args":[{"number":1}],"jid":"1","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"""
            );
            await using var bus = await Start(redis);
            await Until(() => traces.Of("telemetry-answers").Any(one => one.Kind == ActivityKind.Consumer));

            // It ends after what it sent.
            await Until(() => traces.Of("telemetry").Any());
            var receive = Assert.Single(traces.Of("telemetry"));
            Assert.Equal("0af7651916cd43dd8448eb211c80319c", receive.TraceId.ToHexString());
            Assert.Equal("b7ad6b7169203331", receive.ParentSpanId.ToHexString());
            Assert.All(traces.Of("telemetry-answers"), one => Assert.Equal(receive.TraceId, one.TraceId));
        }

        [Fact]
        public async Task Metrics_of_the_transport_reach_the_exporter()
        {
            await using var redis = await RedisServer.Lease();
            var exported = new List<Metric>();
            using var metrics = Sdk.CreateMeterProviderBuilder()
                .AddSidekiqInstrumentation()
                .AddInMemoryExporter(exported)
                .Build();
            await using var bus = await Start(redis);

            await bus.Send("telemetry", new Ask(1));
            await bus.Harness.Bus.Publish(new Unheard(1));
            await Until(async () => (await redis.Queues()).Length == 2);

            string[] expected =
            [
                "messaging.client.consumed.messages",
                "messaging.client.sent.messages",
                "messaging.process.duration",
                "sidekiq.jobs.limit",
                "sidekiq.jobs.running",
                "sidekiq.jobs.settled",
                "sidekiq.publish.unrouted",
                "sidekiq.queue.depth",
                "sidekiq.queue.latency",
                "sidekiq.set.size",
            ];
            await Until(() =>
            {
                exported.Clear();
                metrics.ForceFlush();
                return expected.All(name => exported.Exists(metric => metric.Name == name));
            });
        }

        Task<TestBus> Start(RedisDatabase redis) =>
            TestBus.Start(
                redis,
                output,
                configure: (_, cfg) =>
                {
                    cfg.Host(redis.Url, host => ((SidekiqHostSettings)host).Beat = TimeSpan.FromMilliseconds(50));
                    cfg.ReceiveEndpoint(
                        "telemetry",
                        e =>
                            e.Handler<Ask>(async context =>
                            {
                                var answers = await context.GetSendEndpoint(new Uri("queue:telemetry-answers"));
                                await answers.Send(new Answer(context.Message.Number), context.CancellationToken);
                            })
                    );
                    cfg.ReceiveEndpoint("telemetry-answers", e => e.Handler<Answer>(_ => Task.CompletedTask));
                }
            );

        // Activities belong to the whole process: a test tells its own by their queue, and runs alone in its class.
        sealed class Traces : IDisposable
        {
            readonly Ended ended = new();
            readonly TracerProvider provider;

            public Traces() =>
                provider = Sdk.CreateTracerProviderBuilder().AddSidekiqInstrumentation().AddProcessor(ended).Build();

            public IReadOnlyList<Activity> Of(string destination) =>
                [.. ended.All.Where(one => Equals(one.GetTagItem("messaging.destination.name"), destination))];

            public void Dispose() => provider.Dispose();

            sealed class Ended : BaseProcessor<Activity>
            {
                public ConcurrentQueue<Activity> All { get; } = [];

                public override void OnEnd(Activity data) => All.Enqueue(data);
            }
        }
    }
}

// Its own namespace: of MassTransit's, a publish without a subscriber is not counted.
namespace Shop.Telemetry
{
    public sealed record Ask(int Number);

    public sealed record Answer(int Number);

    public sealed record Unheard(int Number);
}
