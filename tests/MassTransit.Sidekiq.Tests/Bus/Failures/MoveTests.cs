namespace MassTransit.Sidekiq.Tests;

/// <summary>
/// Whatever the body of a message is, what a move says of it (that it is delivered again, why it failed) reaches its
/// consumer, and what its sender said of it still does.
/// </summary>
public sealed class MoveTests(ITestOutputHelper output)
{
    static readonly TimeSpan soon = TimeSpan.FromMilliseconds(5);

    public static TheoryData<string> Serializers => ["job", "envelope", "raw", "sealed"];

    [Theory]
    [MemberData(nameof(Serializers))]
    public async Task Delayed_redelivery_counts_and_ends(string serializer)
    {
        await using var redis = await RedisServer.Lease();
        var (seen, faults) = (new Seen<Received<SubmitOrder>>(), new Seen<Received<Fault<SubmitOrder>>>());
        await using var bus = await Start(
            redis,
            serializer,
            e =>
            {
                e.UseSidekiqRetry(retry => retry.None());
                e.UseDelayedRedelivery(retry => retry.Intervals(soon, soon));
                e.Handler(Failing(seen));
            },
            faults
        );

        var id = await Send(bus);

        var deliveries = await seen.Next(3);
        Assert.Equal([0, 1, 2], deliveries.Select(delivery => delivery.Context.GetRedeliveryCount()));
        Assert.All(deliveries, delivery => AssertSent(delivery.Context, id));
        Assert.Equal(2, (await faults.Next()).Context.Headers.Get<int>(MessageHeaders.FaultRedeliveryCount));
        await redis.Until(async state => (await state.DeadSet()).Length == 1);
        Assert.Equal(3, seen.All.Count);
        Assert.Single(faults.All);
    }

    [Theory]
    [MemberData(nameof(Serializers))]
    public async Task Scheduled_redelivery_counts_and_keeps_the_id_it_replaces(string serializer)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        await using var bus = await Start(
            redis,
            serializer,
            e =>
            {
                e.UseSidekiqRetry(retry => retry.None());
                e.UseScheduledRedelivery(retry => retry.Intervals(soon, soon));
                e.Handler(Failing(seen));
            }
        );

        var id = await Send(bus);

        var deliveries = await seen.Next(3);
        Assert.Equal([0, 1, 2], deliveries.Select(delivery => delivery.Context.GetRedeliveryCount()));
        Assert.Equal(3, deliveries.Select(delivery => delivery.Context.MessageId).Distinct().Count());
        Assert.All(deliveries, delivery => Assert.Equal(id, delivery.Context.GetOriginalMessageId()));
        await redis.Until(async state => (await state.DeadSet()).Length == 1);
    }

    [Theory]
    [MemberData(nameof(Serializers))]
    public async Task Redelivery_asked_for_is_told_with_what_its_caller_added(string serializer)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        var correlation = NewId.NextGuid();
        await using var bus = await Start(
            redis,
            serializer,
            e =>
                e.Handler<SubmitOrder>(async context =>
                {
                    seen.Add(new Received<SubmitOrder>(context.Message, context));
                    if (context.GetRedeliveryCount() == 0)
                    {
                        await context.Redeliver(
                            soon,
                            (_, send) =>
                            {
                                send.Headers.Set("Why", "no stock");
                                send.CorrelationId = correlation;
                                send.FaultAddress = new Uri("queue:faults");
                            }
                        );
                    }
                })
        );

        var id = await Send(bus);

        var again = (await seen.Next(2))[1].Context;
        AssertSent(again, id);
        Assert.Equal((1, "no stock"), (again.GetRedeliveryCount(), again.Headers.Get<string>("Why")));
        Assert.Equal((correlation, "queue:faults"), (again.CorrelationId, again.FaultAddress!.ToString()));
    }

    [Theory]
    [MemberData(nameof(Serializers))]
    public async Task Retry_says_that_it_is_one(string serializer)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        await using var bus = await Start(redis, serializer, e => e.Handler(Failing(seen)));

        var id = await Send(bus);
        await redis.Retried();
        await redis.RetryNow();

        var attempts = await seen.Next(2);
        Assert.All(attempts, attempt => AssertSent(attempt.Context, id));
        Assert.Equal([false, true], attempts.Select(attempt => attempt.Context.ReceiveContext.Redelivered));
    }

    [Theory]
    [MemberData(nameof(Serializers))]
    public async Task Consumer_of_an_error_queue_reads_why_a_message_is_there(string serializer)
    {
        await using var redis = await RedisServer.Lease();
        var failed = new Seen<Received<SubmitOrder>>();
        await using var bus = await Start(
            redis,
            serializer,
            e =>
            {
                e.UseErrorQueue();
                e.Handler(Failing(new()));
            },
            failed: failed
        );

        var id = await Send(bus);

        var error = (await failed.Next()).Context;
        AssertSent(error, id);
        Assert.Equal("fault", error.Headers.Get<string>(MessageHeaders.Reason));
        Assert.Equal("no", error.Headers.Get<string>(MessageHeaders.FaultMessage));
    }

    [Theory]
    [MemberData(nameof(Serializers))]
    public async Task Consumer_of_a_skipped_queue_reads_why_a_message_is_there(string serializer)
    {
        await using var redis = await RedisServer.Lease();
        var skipped = new Seen<Received<SubmitOrder>>();
        await using var bus = await Start(
            redis,
            serializer,
            e =>
            {
                e.UseErrorQueue();
                e.Handler<OrderAccepted>(_ => Task.CompletedTask);
            },
            skipped: skipped
        );

        var id = await Send(bus);

        var context = (await skipped.Next()).Context;
        AssertSent(context, id);
        Assert.NotEmpty(context.Headers.Get<string>(MessageHeaders.Reason)!);
    }

    [Theory]
    [MemberData(nameof(Serializers))]
    public async Task Scheduled_message_arrives_with_its_headers_and_its_token(string serializer)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        await using var bus = await Start(redis, serializer, e => e.Note(seen));
        var scheduler = bus.Harness.Bus.CreateDelayedMessageScheduler();

        await scheduler.ScheduleSend(
            new Uri("queue:orders"),
            soon,
            new SubmitOrder(1),
            Pipe.Execute<SendContext<SubmitOrder>>(context => context.Headers.Set("Tenant", "eu"))
        );

        Assert.Equal("eu", (await seen.Next()).Context.Headers.Get<string>("Tenant"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Redelivery_gets_a_new_id_when_it_is_asked_to(bool replace)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        await using var bus = await Start(
            redis,
            "job",
            e =>
            {
                e.UseSidekiqRetry(retry => retry.None());
                e.UseDelayedRedelivery(retry =>
                {
                    retry.ReplaceMessageId = replace;
                    retry.Interval(1, soon);
                });
                e.Handler(Failing(seen));
            }
        );

        var id = await Send(bus);

        var again = (await seen.Next(2))[1].Context;
        Assert.Equal(!replace, again.MessageId == id);
        Assert.Equal(id, again.GetOriginalMessageId());
        Assert.Equal(JobId.From(again.MessageId!.Value), again.GetJob().Jid);
        await redis.Until(async state => (await state.DeadSet()).Length == 1);
    }

    [Fact]
    public async Task Redelivered_job_of_another_client_is_what_it_was_but_for_what_changed()
    {
        await using var redis = await RedisServer.Lease();
        var jobs = new Seen<string>();
        await using var bus = await Start(
            redis,
            "job",
            e =>
                e.Handler<SubmitOrder>(async context =>
                {
                    jobs.Add(context.GetJob().RawJson);
                    if (context.GetRedeliveryCount() == 0)
                    {
                        await context.Redeliver(
                            soon,
                            (_, send) =>
                            {
                                ((SidekiqSendContext)send).Tags = ["late"];
                                ((SidekiqSendContext)send).SetJobKey("shop", 7);
                            }
                        );
                    }
                })
        );

        await redis.SeedQueue(
            "orders",
            """{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":1}],"jid":"j1d","x":{"deep":1}}"""
        );

        var again = (await jobs.Next(2))[1];
        Assert.Contains("\"jid\":\"j1d\",\"x\":{\"deep\":1}", again, StringComparison.Ordinal);
        Assert.Contains("\"tags\":[\"late\"],\"shop\":7", again, StringComparison.Ordinal);
        Assert.Contains("\"mt\":{\"headers\":{\"MT-Redelivery-Count\":1}}", again, StringComparison.Ordinal);
    }

    static MessageHandler<SubmitOrder> Failing(Seen<Received<SubmitOrder>> seen) =>
        context =>
        {
            seen.Add(new Received<SubmitOrder>(context.Message, context));
            throw new InvalidOperationException("no");
        };

    static async Task<Guid> Send(TestBus bus)
    {
        var id = NewId.NextGuid();
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:orders"));
        await endpoint.Send(
            new SubmitOrder(1),
            context =>
            {
                context.MessageId = id;
                context.Headers.Set("Tenant", "eu");
            }
        );

        return id;
    }

    static void AssertSent(ConsumeContext<SubmitOrder> context, Guid id)
    {
        Assert.Equal((id, "eu"), (context.MessageId, context.Headers.Get<string>("Tenant")));
        Assert.Single(context.Headers.GetAll(), header => header.Key == "Tenant");
    }

    Task<TestBus> Start(
        RedisDatabase redis,
        string serializer,
        Action<ISidekiqReceiveEndpointConfigurator> configure,
        Seen<Received<Fault<SubmitOrder>>>? faults = null,
        Seen<Received<SubmitOrder>>? failed = null,
        Seen<Received<SubmitOrder>>? skipped = null
    ) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                Use(cfg, serializer);
                cfg.ReceiveEndpoint("orders", configure);
                cfg.ReceiveEndpoint("faults", e => e.Note(faults ?? new()));
                cfg.ReceiveEndpoint("orders_error", e => Listen(e, failed));
                cfg.ReceiveEndpoint("orders_skipped", e => Listen(e, skipped));
            }
        );

    static void Listen(ISidekiqReceiveEndpointConfigurator endpoint, Seen<Received<SubmitOrder>>? seen)
    {
        endpoint.ConfigureConsumeTopology = false;
        if (seen is not null)
        {
            endpoint.Note(seen);
        }
    }

    static void Use(IBusFactoryConfigurator cfg, string serializer)
    {
        switch (serializer)
        {
            case "envelope":
                cfg.UseJsonSerializer();
                break;
            case "raw":
                cfg.UseRawJsonSerializer(isDefault: true);
                break;
            case "sealed":
                cfg.AddSerializer(new OpaqueSerializer());
                cfg.AddDeserializer(new OpaqueSerializer(), isDefault: true);
                break;
        }
    }
}
