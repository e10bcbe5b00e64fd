using System.Text.Json;
using MassTransit.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MassTransit.Sidekiq.Tests;

/// <summary>What MassTransit asks of a transport beside sending and receiving.</summary>
public sealed class FeatureTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Probe_of_an_endpoint_tells_what_every_transports_does()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.PrefetchCount = 42;
                        e.ConcurrentMessageLimit = 17;
                        e.Handler<SubmitOrder>(_ => Task.CompletedTask);
                    }
                )
        );

        var probe = JsonSerializer.SerializeToNode(bus.Harness.Bus.GetProbeResult().Results)!;

        var endpoints = probe["bus"]!["host"]!["receiveEndpoint"]!.AsArray();
        var orders = endpoints.Single(e => e!["name"]!.GetValue<string>() == "orders")!["receiveTransport"]!;
        Assert.EndsWith("/orders", orders["address"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(42, orders["prefetchCount"]!.GetValue<int>());
        Assert.Equal(17, orders["concurrentMessageLimit"]!.GetValue<int>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Consumer_knows_which_process_sent_its_message(bool isEnvelope)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                if (isEnvelope)
                {
                    cfg.UseJsonSerializer();
                }

                cfg.ReceiveEndpoint("orders", e => e.Note(seen));
            }
        );

        await bus.Send("orders", new SubmitOrder(1));

        var host = (await seen.Next()).Context.Host;
        Assert.Equal(Environment.MachineName, host.MachineName);
        Assert.Equal(Environment.ProcessId, host.ProcessId);
        Assert.Equal(HostMetadataCache.Host.Assembly, host.Assembly);
        Assert.Equal(HostMetadataCache.Host.AssemblyVersion, host.AssemblyVersion);
    }

    [Fact]
    public async Task Consumer_of_a_Ruby_job_finds_a_host_of_which_nothing_is_known()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("orders", e => e.Note(seen))
        );

        await redis.SeedQueue(
            "orders",
            """{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":1}]}"""
        );

        Assert.Null((await seen.Next()).Context.Host.MachineName);
    }

    [Fact]
    public async Task Routing_and_partition_key_travel_with_the_message()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Send<OrderAccepted>(x => x.UseRoutingKeyFormatter(c => $"order-{c.Message.OrderId}"));
                cfg.ReceiveEndpoint("orders", e => e.Note(seen));
                cfg.ReceiveEndpoint(
                    "accepted",
                    e =>
                        e.Handler<OrderAccepted>(c =>
                            c.Send(new Uri("queue:orders"), new SubmitOrder(2), x => x.SetRoutingKey(c.RoutingKey()))
                        )
                );
            }
        );
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:orders"));

        await endpoint.Send(
            new SubmitOrder(1),
            x =>
            {
                x.SetRoutingKey("blue");
                x.SetPartitionKey("left");
            }
        );
        await bus.Harness.Bus.Publish(new OrderAccepted(5));

        var got = await seen.Next(2);
        Assert.Equal(("blue", "left"), (got[0].Context.RoutingKey(), got[0].Context.PartitionKey()));
        Assert.Equal("order-5", got[1].Context.RoutingKey());
    }

    [Fact]
    public async Task Array_is_a_message_like_others()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder[]>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("orders", e => e.Note(seen))
        );

        await bus.Send<SubmitOrder[]>("orders", [new SubmitOrder(1), new SubmitOrder(2)]);
        await bus.Harness.Bus.Publish<SubmitOrder[]>([new SubmitOrder(3)]);

        Assert.Equal([1, 2, 3], (await seen.Next(2)).SelectMany(orders => orders).Select(order => order.OrderId));
    }

    [Fact]
    public void List_that_is_to_be_passed_as_arguments_is_refused_at_start()
    {
        var fault = Assert.Throws<ConfigurationException>(() =>
            MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Job<SubmitOrder[]>(job => job.Positional()))
        );

        Assert.Contains("Map it with Args = Hash", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Consumer_of_a_message_without_a_namespace_is_refused_at_start()
    {
        var fault = Assert.Throws<ConfigurationException>(() =>
            MassTransit.Bus.Factory.CreateUsingSidekiq(cfg =>
                cfg.ReceiveEndpoint("orders", e => e.Consumer<HomelessConsumer>())
            )
        );

        Assert.Contains(
            "HomelessConsumer consumes Homeless, which has no namespace",
            fault.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("exchange:orders")]
    [InlineData("sidekiq://localhost/orders?type=exchange")]
    public async Task Exchange_is_the_queue_of_that_name(string address)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.ConfigureConsumeTopology = false;
                        e.Note(seen);
                    }
                )
        );

        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri(address));
        await endpoint.Send(new SubmitOrder(1));

        Assert.Equal(1, (await seen.Next()).OrderId);
    }

    [Fact]
    public async Task Exchange_is_the_topic_of_that_name_where_there_is_one()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("orders", e => e.Note(seen))
        );

        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("exchange:MassTransit.Sidekiq.Tests:SubmitOrder"));
        await endpoint.Send(new SubmitOrder(1));

        Assert.Equal(1, (await seen.Next()).OrderId);
        Assert.Equal(["orders"], await redis.Queues());
    }

    [Fact]
    public async Task Queue_that_nobody_could_look_into_is_refused_when_it_is_first_sent_to()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        var fault = await Assert.ThrowsAnyAsync<Exception>(() => bus.Send("my queue", new SubmitOrder(1)));

        Assert.Contains("contains a space", fault.ToString(), StringComparison.Ordinal);
        Assert.Empty(await redis.Queues());
    }

    [Fact]
    public async Task Publish_of_a_service_that_starts_with_the_bus_reaches_the_bus()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddMassTransit(x =>
        {
            x.UsingSidekiq(
                (_, cfg) =>
                {
                    cfg.Host(redis.Url);
                    cfg.ReceiveEndpoint("orders", e => e.Note(seen));
                }
            );
        });
        builder.Services.AddHostedService<EarlyBird>();
        using var host = builder.Build();

        await host.StartAsync();

        Assert.Equal(1, (await seen.Next()).OrderId);
        await host.StopAsync();
    }

    [Fact]
    public async Task Bus_that_is_never_started_publishes_all_the_same()
    {
        await using var redis = await RedisServer.Lease();
        await using var subscriber = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("others", e => e.Handler<SubmitOrder>(_ => Task.CompletedTask))
        );
        var bus = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg =>
        {
            cfg.Host(redis.Url);
            cfg.ReceiveEndpoint("orders", e => e.Handler<SubmitOrder>(_ => Task.CompletedTask));
        });

        await bus.Publish(new SubmitOrder(1)).InTime();

        Assert.True(await subscriber.Harness.Consumed.Any<SubmitOrder>());
    }

    [Fact]
    public async Task Answer_to_a_request_that_was_sent_before_its_bus_began_is_not_lost()
    {
        await using var redis = await RedisServer.Lease();
        await using var server = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint("orders", e => e.Handler<SubmitOrder>(c => c.RespondAsync(new OrderAccepted(1))))
        );
        var bus = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host(redis.Url));
        var client = bus.CreateRequestClient<SubmitOrder>(new Uri("queue:orders"), Eventually.Guard);

        var answer = client.GetResponse<OrderAccepted>(new SubmitOrder(1));
        Assert.True(await server.Harness.Sent.Any<OrderAccepted>());
        await bus.StartAsync();

        Assert.Equal(1, (await answer.InTime()).Message.OrderId);
        await bus.StopAsync();
    }

    [Fact]
    public async Task Message_in_the_error_queue_tells_where_it_had_been_sent()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.UseErrorQueue();
                        e.Handler<SubmitOrder>(_ => throw new InvalidOperationException("no"));
                    }
                );
                cfg.ReceiveEndpoint(
                    "orders_error",
                    e =>
                    {
                        e.ConfigureConsumeTopology = false;
                        e.Note(seen);
                    }
                );
            }
        );

        await bus.Send("orders", new SubmitOrder(1));

        var got = (await seen.Next()).Context;
        Assert.EndsWith("/orders", got.DestinationAddress!.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("/orders_error", got.ReceiveContext.InputAddress.ToString(), StringComparison.Ordinal);
    }

    sealed class HomelessConsumer : IConsumer<global::Homeless>
    {
        public Task Consume(ConsumeContext<global::Homeless> context) => Task.CompletedTask;
    }

    sealed class EarlyBird(IBus bus) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) =>
            bus.Publish(new SubmitOrder(1), cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
