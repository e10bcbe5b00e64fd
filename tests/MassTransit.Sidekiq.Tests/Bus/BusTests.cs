namespace MassTransit.Sidekiq.Tests;

public sealed class BusTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_sent_message_reaches_its_consumer_and_leaves_nothing_behind()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output, x => x.AddConsumer<OrderConsumer>());

        await bus.Send("Order", new SubmitOrder(42));

        Assert.True(await bus.Harness.Consumed.Any<SubmitOrder>(received => received.Context.Message.OrderId == 42));
    }

    [Fact]
    public async Task A_finished_job_is_acknowledged_though_no_other_comes()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output, x => x.AddConsumer<OrderConsumer>());

        await bus.Send("Order", new SubmitOrder(42));

        Assert.True(await bus.Harness.Consumed.Any<SubmitOrder>());
        await redis.Until(async state =>
            !(await state.Keys()).Any(key => key.StartsWith("mt:working:", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task A_published_message_reaches_every_subscriber_once()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output, x => x.AddConsumer<OrderConsumer>());

        await bus.Harness.Bus.Publish(new SubmitOrder(7));

        Assert.True(await bus.Harness.Consumed.Any<SubmitOrder>());
    }

    [Fact]
    public async Task A_request_is_answered()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output, x => x.AddConsumer<OrderConsumer>());

        var client = bus.Harness.GetRequestClient<SubmitOrder>();
        var answer = await client.GetResponse<OrderAccepted>(new SubmitOrder(9));

        Assert.Equal(9, answer.Message.OrderId);
    }

    public sealed class OrderConsumer : IConsumer<SubmitOrder>
    {
        public Task Consume(ConsumeContext<SubmitOrder> context) =>
            context.IsResponseAccepted<OrderAccepted>()
                ? context.RespondAsync(new OrderAccepted(context.Message.OrderId))
                : Task.CompletedTask;
    }
}

public sealed record SubmitOrder(int OrderId);

public sealed record OrderAccepted(int OrderId);
