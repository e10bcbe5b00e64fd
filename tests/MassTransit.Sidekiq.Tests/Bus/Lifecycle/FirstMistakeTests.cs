using System.Diagnostics.Metrics;
using MassTransit.Sidekiq.Tests.Redis;
using Shop.Diagnostics;

namespace MassTransit.Sidekiq.Tests
{
    /// <summary>What a newcomer does wrong, and what is said.</summary>
    public sealed class FirstMistakeTests(ITestOutputHelper output)
    {
        [Fact]
        public async Task Publish_that_nobody_gets_is_logged_once_for_its_type_and_counted()
        {
            await using var redis = await RedisServer.Lease();
            using var unrouted = new UnroutedCounter();
            await using var bus = await TestBus.Start(
                redis,
                output,
                configure: (_, cfg) => cfg.ReceiveEndpoint("heard", e => e.Handler<Heard>(_ => Task.CompletedTask))
            );

            await bus.Harness.Bus.Publish(new Unheard(1));
            await bus.Harness.Bus.Publish(new Unheard(2));
            await bus.Harness.Bus.Publish(new Heard(3));
            // Nobody subscribes to those of a consumer that has no requests.
            await bus.Harness.Bus.Publish<Fault<Heard>>(new { });

            var line = Assert.Single(bus.Log, line => line.Contains("no queue subscribes", StringComparison.Ordinal));
            Assert.StartsWith(
                "Warning: Message type Shop::Diagnostics::Unheard was published to topic Shop.Diagnostics:Unheard,",
                line,
                StringComparison.Ordinal
            );
            Assert.Equal(["Shop.Diagnostics:Unheard", "Shop.Diagnostics:Unheard"], unrouted.Topics);
        }

        [Fact]
        public async Task Job_of_a_misspelled_class_says_in_the_retry_set_and_the_log_what_was_meant()
        {
            await using var redis = await RedisServer.Lease();
            await redis.SeedQueue(
                "heard",
                """{"class":"Shop::Diagnostics::Herd","args":[{}],"jid":"1","retry":true}"""
            );
            await using var bus = await TestBus.Start(
                redis,
                output,
                configure: (_, cfg) =>
                {
                    cfg.ReceiveEndpoint("heard", e => e.Handler<Heard>(_ => Task.CompletedTask));
                    cfg.ReceiveEndpoint("unheard", e => e.Handler<Unheard>(_ => Task.CompletedTask));
                }
            );

            const string Hint = "Did you mean 'Shop::Diagnostics::Heard'?";
            Assert.Contains(Hint, await Error(redis), StringComparison.Ordinal);
            Assert.Contains(bus.Log, line => line.Contains(Hint, StringComparison.Ordinal));
        }

        [Fact]
        public async Task Job_that_another_endpoint_takes_says_on_which_queue()
        {
            await using var redis = await RedisServer.Lease();
            await redis.SeedQueue(
                "heard",
                """{"class":"Shop::Diagnostics::Unheard","args":[{}],"jid":"1","retry":true}"""
            );
            await using var bus = await TestBus.Start(
                redis,
                output,
                configure: (_, cfg) =>
                {
                    cfg.ReceiveEndpoint("heard", e => e.Handler<Heard>(_ => Task.CompletedTask));
                    cfg.ReceiveEndpoint("unheard", e => e.Handler<Unheard>(_ => Task.CompletedTask));
                }
            );

            Assert.Contains(
                "It is consumed on queue 'unheard': push it there.",
                await Error(redis),
                StringComparison.Ordinal
            );
        }

        [Fact]
        public async Task Queues_of_Ruby_in_another_database_are_a_warning_once_and_none_when_this_one_has_some()
        {
            await using var server = await RedisServer.StartOwn();
            await server.Open(3).SeedQueue("default", "{}");
            await server.Open(5).SeedQueue("default", "{}");
            await using (var bus = await Start(server))
            {
                await Until(() => bus.Log.Any(IsElsewhere));
                Assert.StartsWith(
                    $"Warning: Database 0 of Redis at 127.0.0.1:{server.Port} holds no queues, and these do: 3, 5.",
                    Assert.Single(bus.Log, IsElsewhere),
                    StringComparison.Ordinal
                );
                await bus.Send("heard", new Heard(1));
            }

            var before = await server.Calls("select");
            await using var second = await Start(server);
            await Until(async () => await server.Calls("select") >= before + 3);
            await second.Send("heard", new Heard(2));
            Assert.True(await second.Harness.Consumed.Any<Heard>());
            Assert.DoesNotContain(second.Log, IsElsewhere);
        }

        [Fact]
        public async Task Server_that_many_applications_share_by_database_is_no_warning()
        {
            await using var server = await RedisServer.StartOwn();
            foreach (var number in Enumerable.Range(1, 4))
            {
                await server.Open(number).SeedQueue("default", "{}");
            }

            await using var bus = await Start(server);
            await Until(async () => await server.Calls("select") >= 5);
            await bus.Send("heard", new Heard(1));
            Assert.True(await bus.Harness.Consumed.Any<Heard>());
            Assert.DoesNotContain(bus.Log, IsElsewhere);
        }

        [Fact]
        public async Task Handler_of_a_message_without_a_namespace_is_refused_at_the_start()
        {
            await using var redis = await RedisServer.Lease();

            var fault = await Assert.ThrowsAnyAsync<Exception>(() =>
                TestBus.Start(
                    redis,
                    output,
                    configure: (_, cfg) =>
                        cfg.ReceiveEndpoint("heard", e => e.Handler<Homeless>(_ => Task.CompletedTask))
                )
            );

            Assert.Contains("namespace", fault.ToString(), StringComparison.OrdinalIgnoreCase);
        }

        Task<TestBus> Start(RedisServer server) =>
            TestBus.Start(
                server.Open(),
                output,
                configure: (_, cfg) => cfg.ReceiveEndpoint("heard", e => e.Handler<Heard>(_ => Task.CompletedTask))
            );

        static bool IsElsewhere(string line) => line.Contains("holds no queues", StringComparison.Ordinal);

        static async Task<string> Error(RedisDatabase redis) => (await redis.Retried()).Job;

        // Meters belong to the whole process: only the topics of this namespace are ours.
        sealed class UnroutedCounter : IDisposable
        {
            readonly MeterListener listener = new();
            readonly Lock gate = new();
            readonly List<string> topics = [];

            public UnroutedCounter()
            {
                listener.InstrumentPublished = (instrument, listener) =>
                {
                    if (instrument.Name == "sidekiq.publish.unrouted")
                    {
                        listener.EnableMeasurementEvents(instrument);
                    }
                };
                listener.SetMeasurementEventCallback<long>(
                    (_, _, tags, _) =>
                    {
                        foreach (var (key, value) in tags)
                        {
                            if (key == "messaging.destination.name" && value is string topic && IsOurs(topic))
                            {
                                lock (gate)
                                {
                                    topics.Add(topic);
                                }
                            }
                        }
                    }
                );
                listener.Start();
            }

            public string[] Topics
            {
                get
                {
                    lock (gate)
                    {
                        return [.. topics];
                    }
                }
            }

            public void Dispose() => listener.Dispose();

            static bool IsOurs(string topic) => topic.StartsWith("Shop.Diagnostics:", StringComparison.Ordinal);
        }
    }
}

// MassTransit's own messages, whose namespace begins with its name, are not spoken of.
namespace Shop.Diagnostics
{
    public sealed record Heard(int Number);

    public sealed record Unheard(int Number);
}
