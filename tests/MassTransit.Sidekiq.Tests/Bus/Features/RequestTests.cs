namespace MassTransit.Sidekiq.Tests;

public sealed class RequestTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Each_of_many_requests_in_flight_gets_its_own_answer()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis);
        var client = bus.Harness.GetRequestClient<SubmitOrder>();

        var answers = await Task.WhenAll(
                Enumerable.Range(1, 100).Select(id => client.GetResponse<OrderAccepted>(new SubmitOrder(id)))
            )
            .InTime();

        Assert.Equal(Enumerable.Range(1, 100), answers.Select(answer => answer.Message.OrderId));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(-1, false)]
    public async Task Client_takes_one_of_several_answers(int id, bool isAccepted)
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis);
        var client = bus.Harness.GetRequestClient<SubmitOrder>();

        var answer = await client.GetResponse<OrderAccepted, OrderRefused>(new SubmitOrder(id)).InTime();

        Assert.Equal(isAccepted, answer.Is(out Response<OrderAccepted>? _));
        Assert.Equal(!isAccepted, answer.Is(out Response<OrderRefused>? _));
    }

    [Fact]
    public async Task Consumer_knows_which_answers_its_client_takes()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis);
        var client = Client(bus, Eventually.Guard);

        var fault = await Assert.ThrowsAsync<RequestFaultException>(() =>
            client.GetResponse<OrderAccepted>(new SubmitOrder(-1)).InTime()
        );

        Assert.Contains("takes no refusal", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fault_of_the_consumer_reaches_a_client_that_would_not_wait_for_a_retry()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis);
        var client = Client(bus, Eventually.Guard);

        var fault = await Assert.ThrowsAsync<RequestFaultException>(() =>
            client.GetResponse<OrderAccepted>(new SubmitOrder(0)).InTime()
        );

        Assert.Equal("no such order", Assert.Single(fault.Fault!.Exceptions).Message);
        Assert.Equal("System.InvalidOperationException", fault.Fault.Exceptions[0].ExceptionType);
    }

    [Fact]
    public async Task Client_waits_through_failures_that_are_retried()
    {
        await using var redis = await RedisServer.Lease();
        var runs = new Seen<int?>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                        e.Handler<SubmitOrder>(context =>
                        {
                            runs.Add(context.GetJob().RetryCount);
                            return context.GetJob().RetryCount is null
                                ? throw new InvalidOperationException("not yet")
                                : context.RespondAsync(new OrderAccepted(1));
                        })
                )
        );

        var answer = Client(bus, TimeSpan.FromMinutes(5)).GetResponse<OrderAccepted>(new SubmitOrder(1));
        await redis.Retried();
        Assert.False(answer.IsCompleted);
        await redis.RetryNow();

        Assert.Equal(1, (await answer.InTime()).Message.OrderId);
        Assert.Equal([null, 0], await runs.Next(2));
    }

    [Fact]
    public async Task Request_without_an_answer_times_out_and_its_job_expires()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var client = bus.Harness.Bus.CreateRequestClient<SubmitOrder>(new Uri("queue:nobody"), TimeSpan.FromSeconds(1));

        await Assert.ThrowsAsync<RequestTimeoutException>(() =>
            client.GetResponse<OrderAccepted>(new SubmitOrder(1)).InTime()
        );

        // The client counts from before the push.
        await redis.Until(async state => (await state.Queue("nobody")).Length == 1);
        Assert.Contains("\"exp\":", Assert.Single(await redis.Queue("nobody")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Consumer_asks_another_service_in_between()
    {
        await using var redis = await RedisServer.Lease();
        TestBus? bus = null;
        await using var started = bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "orders",
                    e => e.Handler<SubmitOrder>(c => c.RespondAsync(new OrderAccepted(c.Message.OrderId * 2)))
                );
                cfg.ReceiveEndpoint(
                    "front",
                    e =>
                        e.Handler<Price>(async c =>
                        {
                            var answer = await c.Request<SubmitOrder, OrderAccepted>(
                                bus!.Harness.Bus,
                                new Uri("queue:orders"),
                                new SubmitOrder(c.Message.OrderId)
                            );
                            await c.RespondAsync(new OrderAccepted(answer.Message.OrderId + 1));
                        })
                );
            }
        );
        var client = bus.Harness.Bus.CreateRequestClient<Price>(new Uri("queue:front"));

        var answer = await client.GetResponse<OrderAccepted>(new Price(20, 1m)).InTime();

        Assert.Equal(41, answer.Message.OrderId);
    }

    static IRequestClient<SubmitOrder> Client(TestBus bus, TimeSpan timeout) =>
        bus.Harness.Bus.CreateRequestClient<SubmitOrder>(timeout: timeout);

    async Task<TestBus> Start(RedisDatabase redis) =>
        await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        // Later than any client here waits.
                        e.UseSidekiqRetry(r => r.RetryIn((_, _) => TimeSpan.FromHours(1)));
                        e.Handler<SubmitOrder>(Answer);
                    }
                )
        );

    static Task Answer(ConsumeContext<SubmitOrder> context) =>
        context.Message.OrderId switch
        {
            > 0 => context.RespondAsync(new OrderAccepted(context.Message.OrderId)),
            0 => throw new InvalidOperationException("no such order"),
            _ when context.IsResponseAccepted<OrderRefused>() => context.RespondAsync(new OrderRefused("negative")),
            _ => throw new InvalidOperationException("takes no refusal"),
        };

    public sealed record OrderRefused(string Why);
}
