namespace MassTransit.Sidekiq.Tests;

public sealed class TemporaryEndpointTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Temporary_endpoint_gets_what_is_published_and_vanishes_with_the_bus()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        await using (
            var bus = await TestBus.Start(
                redis,
                output,
                configure: (_, cfg) =>
                    cfg.ReceiveEndpoint(new TemporaryEndpointDefinition("watch"), null, e => e.Note(seen))
            )
        )
        {
            await bus.Harness.Bus.Publish(new SubmitOrder(1));
            await seen.Next();
            Assert.Empty(await redis.Queues());
        }

        Assert.DoesNotContain(await redis.Keys(), key => key.Contains("topic", StringComparison.Ordinal));
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("queue:", StringComparison.Ordinal));
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("mt:temporary:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Endpoint_joins_and_leaves_a_running_bus()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        await using var bus = await TestBus.Start(redis, output);

        var handle = bus.Harness.Bus.ConnectReceiveEndpoint(
            new TemporaryEndpointDefinition("late"),
            null,
            e => e.Note(seen)
        );
        await handle.Ready.InTime();
        await bus.Harness.Bus.Publish(new SubmitOrder(1));
        await seen.Next();
        await handle.StopAsync(TestContext.Current.CancellationToken).InTime();

        Assert.DoesNotContain(await redis.Keys(), key => key.Contains("topic", StringComparison.Ordinal));
        Assert.Empty(await redis.Queues());
    }

    [Fact]
    public async Task Answers_leave_no_queue_behind()
    {
        await using var redis = await RedisServer.Lease();
        await using (
            var bus = await TestBus.Start(
                redis,
                output,
                configure: (_, cfg) =>
                    cfg.ReceiveEndpoint(
                        "orders",
                        e =>
                            e.Handler<SubmitOrder>(context =>
                                context.RespondAsync(new OrderAccepted(context.Message.OrderId))
                            )
                    )
            )
        )
        {
            var client = bus.Harness.GetRequestClient<SubmitOrder>();
            await client.GetResponse<OrderAccepted>(new SubmitOrder(1)).InTime();
            Assert.Equal(["orders"], await redis.Queues());
        }

        Assert.DoesNotContain(await redis.Keys(), key => key.Contains("_bus_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Failed_job_of_a_temporary_queue_is_not_retried()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Fault<SubmitOrder>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    new TemporaryEndpointDefinition("watch", concurrentMessageLimit: 1),
                    null,
                    e =>
                    {
                        e.Handler<SubmitOrder>(_ => throw new InvalidOperationException("no"));
                        e.Handler<OrderAccepted>(_ => Task.CompletedTask);
                    }
                );
                cfg.ReceiveEndpoint("faults", e => e.Note(seen));
            }
        );

        await bus.Harness.Bus.Publish(new SubmitOrder(1));
        await seen.Next();
        await redis.Until(async db => (await db.DeadSet()).Length == 1);

        Assert.Empty(await redis.RetrySet());
    }

    [Fact]
    public async Task Scheduled_answer_to_an_ended_temporary_queue_is_dropped()
    {
        await using var redis = await RedisServer.Lease();
        Uri? address = null;
        await using var bus = await TestBus.Start(redis, output);
        var handle = bus.Harness.Bus.ConnectReceiveEndpoint(
            new TemporaryEndpointDefinition("late"),
            null,
            e =>
            {
                e.Note(new Seen<SubmitOrder>());
                address = e.InputAddress;
            }
        );
        await handle.Ready.InTime();
        await handle.StopAsync(TestContext.Current.CancellationToken).InTime();

        var endpoint = await bus.Harness.Bus.GetSendEndpoint(address!);
        await endpoint.Send(new SubmitOrder(1));
        await endpoint.Send(new SubmitOrder(2), context => context.Delay = TimeSpan.FromMilliseconds(1));
        var sentinel = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:after"));
        await sentinel.Send(new SubmitOrder(3), context => context.Delay = TimeSpan.FromMilliseconds(2));
        await redis.Until(async db => (await db.ScheduledSet()).Length == 0);

        Assert.DoesNotContain(await redis.Queues(), queue => queue.Contains("late", StringComparison.Ordinal));
    }
}
