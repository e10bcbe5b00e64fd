using System.Text.Json;
using MassTransit.Testing;

namespace MassTransit.Sidekiq.Tests;

/// <summary>What is said of failed jobs, where, and whose word counts.</summary>
public sealed class RetryOptionsTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Each_job_of_a_failed_batch_follows_the_options_of_its_consumer()
    {
        await using var redis = await RedisServer.Lease();
        var faults = new Seen<Received<Fault<SubmitOrder>>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x => x.AddConsumer<FailingBatch, FailingBatchDefinition>(),
            (_, cfg) => cfg.ReceiveEndpoint("faults", e => e.Note(faults))
        );

        await bus.Harness.Bus.PublishBatch(Enumerable.Range(0, 3).Select(id => new SubmitOrder(id)));

        Assert.Equal([0, 1, 2], (await faults.Next(3)).Select(fault => fault.Message.Message.OrderId).Order());
        await redis.Until(async state => (await state.DeadSet()).Length == 3);
        Assert.Empty(await redis.RetrySet());
    }

    [Fact]
    public async Task Saga_has_options_of_its_own()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x => x.AddSaga<FailingSaga>(saga => saga.UseSidekiqRetry(r => r.None())).InMemoryRepository()
        );

        await bus.Harness.Bus.Publish(new Begun(NewId.NextGuid()));

        await redis.Until(async state => (await state.DeadSet()).Length == 1);
    }

    [Theory]
    [InlineData("true", 3, 2, 1, 4, "4 retries: the contract")]
    [InlineData("true", 3, 2, 1, null, "3 retries: the consumer")]
    [InlineData("true", null, 2, 1, null, "2 retries: the endpoint")]
    [InlineData("true", null, null, 1, null, "1 retries: the bus")]
    [InlineData("true", null, null, null, null, "25 retries: Sidekiq")]
    [InlineData("5", 3, 2, 1, 4, "5 retries: the job")]
    [InlineData(null, 3, 2, 1, 4, "4 retries: the contract, for a job without retry")]
    public async Task The_nearest_word_counts(
        string? job,
        int? consumer,
        int? endpoint,
        int? bus,
        int? contract,
        string expected
    )
    {
        var limit = int.Parse(expected.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal("retry", await Where(limit - 2));
        Assert.Equal("dead", await Where(limit - 1));

        async Task<string> Where(int retryCount)
        {
            await using var redis = await RedisServer.Lease();
            await using var started = await TestBus.Start(
                redis,
                output,
                configure: (_, cfg) =>
                {
                    Set(bus, cfg.UseSidekiqRetry);
                    if (contract is { } times)
                    {
                        cfg.Job<SubmitOrder>(j => j.Retry(times));
                    }

                    cfg.ReceiveEndpoint(
                        "orders",
                        e =>
                        {
                            Set(endpoint, e.UseSidekiqRetry);
                            e.Handler<SubmitOrder>(
                                _ => throw new InvalidOperationException("no"),
                                handler => Set(consumer, handler.UseSidekiqRetry)
                            );
                        }
                    );
                }
            );
            var retry = job is null ? "" : $"\"retry\":{job},";
            await redis.SeedQueue(
                "orders",
                $$"""{{{retry}}"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":1}],"retry_count":{{retryCount}},"failed_at":{{TestClock.Pushed}}}"""
            );
            await redis.Until(async state => (await state.RetrySet()).Length + (await state.DeadSet()).Length == 1);
            return (await redis.RetrySet()).Length == 1 ? "retry" : "dead";
        }
    }

    [Theory]
    [InlineData("kill", 0, 1)]
    [InlineData("discard", 0, 0)]
    [InlineData("default", 1, 0)]
    [InlineData("throw", 1, 0)]
    public async Task RetryIn_decides_by_the_exception(string answer, int retried, int dead)
    {
        await using var redis = await RedisServer.Lease();
        var faults = new Seen<Received<Fault<SubmitOrder>>>();
        await using var bus = await Start(
            redis,
            faults,
            e =>
                e.UseSidekiqRetry(r =>
                    r.RetryIn(
                        (count, exception) =>
                            exception.Message switch
                            {
                                "kill" when count == 0 => SidekiqRetryIn.Kill,
                                "discard" => SidekiqRetryIn.Discard,
                                "default" => SidekiqRetryIn.Default,
                                _ => throw new InvalidOperationException("a fault in the policy"),
                            }
                    )
                ),
            _ => throw new InvalidOperationException(answer)
        );

        await bus.Send("orders", new SubmitOrder(1));

        if (retried == 0)
        {
            await faults.Next();
        }

        Assert.True(await bus.Harness.Consumed.Any<SubmitOrder>());
        await bus.Harness.Stop();
        Assert.Equal((retried, dead), ((await redis.RetrySet()).Length, (await redis.DeadSet()).Length));
        Assert.Equal(1 - retried, faults.All.Count);
    }

    [Fact]
    public async Task Options_of_the_endpoint_reach_the_job()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(
            redis,
            new(),
            e =>
                e.UseSidekiqRetry(r =>
                    r.Queue("later")
                        .Backtrace(2)
                        .RetryIn((_, _) => TimeSpan.FromHours(1))
                        .RetryFor(TimeSpan.FromDays(1))
                ),
            FailingOrders.Handler(new Seen<int?>())
        );

        await bus.Send("orders", new SubmitOrder(1));

        var entry = await redis.Retried();
        var job = JsonElement.Parse(entry.Job);
        Assert.Equal("later", job.GetProperty("queue").GetString());
        Assert.NotEmpty(job.GetProperty("error_backtrace").GetString()!);
        Assert.InRange((entry.Time - DateTimeOffset.FromUnixTimeMilliseconds(0)).TotalSeconds - Now(job), 3600, 3610);
    }

    Task<TestBus> Start(
        RedisDatabase redis,
        Seen<Received<Fault<SubmitOrder>>> faults,
        Action<ISidekiqReceiveEndpointConfigurator> configure,
        MessageHandler<SubmitOrder> handler
    ) => FailingOrders.Start(redis, output, faults, configure, handler);

    static void Set(int? limit, Action<Action<ISidekiqRetryConfigurator>> use)
    {
        if (limit is { } times)
        {
            use(r => r.Limit(times));
        }
    }

    static double Now(JsonElement job) => job.GetProperty("failed_at").GetDouble();

    public sealed class FailingBatch : IConsumer<Batch<SubmitOrder>>
    {
        public Task Consume(ConsumeContext<Batch<SubmitOrder>> context) => throw new InvalidOperationException("batch");
    }

    /// <summary>Written for any transport, as most definitions are.</summary>
    public sealed class FailingBatchDefinition : ConsumerDefinition<FailingBatch>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator,
            IConsumerConfigurator<FailingBatch> consumerConfigurator,
            IRegistrationContext context
        )
        {
            endpointConfigurator.UseSidekiqRetry(r => r.Limit(3));
            consumerConfigurator.UseSidekiqRetry(r => r.None());
            consumerConfigurator.Options<BatchOptions>(batch => batch.SetMessageLimit(3).SetTimeLimit(m: 1));
        }
    }

    public sealed record Begun(Guid CorrelationId) : CorrelatedBy<Guid>;

    public sealed class FailingSaga : ISaga, InitiatedBy<Begun>
    {
        public Guid CorrelationId { get; set; }

        public Task Consume(ConsumeContext<Begun> context) => throw new InvalidOperationException("no");
    }
}
