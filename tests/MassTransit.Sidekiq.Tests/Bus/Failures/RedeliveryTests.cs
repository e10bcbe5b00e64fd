namespace MassTransit.Sidekiq.Tests;

public sealed class RedeliveryTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Retry_inside_the_consumer_costs_one_delivery_and_publishes_no_fault()
    {
        await using var redis = await RedisServer.Lease();
        var (seen, faults) = (new Seen<(int Attempt, string? Jid)>(), new Seen<Fault<SubmitOrder>>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.UseMessageRetry(retry => retry.Immediate(3));
                        e.Handler<SubmitOrder>(context =>
                        {
                            seen.Add((context.GetRetryAttempt(), context.GetJob().Jid));
                            return context.GetRetryAttempt() < 2
                                ? throw new InvalidOperationException("not yet")
                                : Task.CompletedTask;
                        });
                    }
                );
                cfg.ReceiveEndpoint("faults", e => e.Note(faults));
            }
        );

        await bus.Send("orders", new SubmitOrder(1));

        var attempts = await seen.Next(3);
        Assert.Equal([0, 1, 2], attempts.Select(attempt => attempt.Attempt));
        Assert.Single(attempts.Select(attempt => attempt.Jid).Distinct());
        Assert.Empty(faults.All);
        await redis.Until(async db =>
            !(await db.Keys()).Any(key => key.StartsWith("mt:working", StringComparison.Ordinal))
        );
        Assert.Empty(await redis.RetrySet());
    }

    [Fact]
    public async Task Delayed_redelivery_counts_and_gives_up_with_one_fault()
    {
        await using var redis = await RedisServer.Lease();
        var (seen, faults) = (new Seen<Received<SubmitOrder>>(), new Seen<Fault<SubmitOrder>>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.UseSidekiqRetry(retry => retry.None());
                        e.UseDelayedRedelivery(retry =>
                            retry.Intervals(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(20))
                        );
                        e.UseMessageRetry(retry => retry.Immediate(1));
                        e.Handler<SubmitOrder>(context =>
                        {
                            seen.Add(new Received<SubmitOrder>(context.Message, context));
                            throw new InvalidOperationException("never");
                        });
                    }
                );
                cfg.ReceiveEndpoint("faults", e => e.Note(faults));
            }
        );
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:orders"));

        await endpoint.Send(new SubmitOrder(1), context => context.Headers.Set("Tenant", "eu"));

        var deliveries = await seen.Next(6);
        Assert.Equal([0, 0, 1, 1, 2, 2], deliveries.Select(delivery => delivery.Context.GetRedeliveryCount()));
        Assert.All(deliveries, delivery => Assert.Equal("eu", delivery.Context.Headers.Get<string>("Tenant")));
        Assert.Single(deliveries.Select(delivery => delivery.Context.GetJob().Jid).Distinct());
        Assert.Equal("never", (await faults.Next()).Exceptions[0].Message);
        await redis.Until(async db => (await db.DeadSet()).Length == 1);
        Assert.Single(faults.All);
        Assert.Empty(await redis.ScheduledSet());
    }

    [Fact]
    public async Task Job_that_was_put_off_before_it_failed_is_not_retried_as_well()
    {
        await using var redis = await RedisServer.Lease();
        var (seen, faults) = (new Seen<int>(), new Seen<Fault<SubmitOrder>>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                        e.Handler<SubmitOrder>(async context =>
                        {
                            seen.Add(context.GetRedeliveryCount());
                            if (context.GetRedeliveryCount() == 0)
                            {
                                await context.Redeliver(TimeSpan.FromMilliseconds(10));
                                throw new InvalidOperationException("after it was put off");
                            }
                        })
                );
                cfg.ReceiveEndpoint("faults", e => e.Note(faults));
            }
        );

        await bus.Send("orders", new SubmitOrder(1));

        var counts = await seen.Next(2);
        Assert.Equal([0, 1], counts);
        await redis.Until(async state =>
            !(await state.Keys()).Any(key => key.StartsWith("mt:working:", StringComparison.Ordinal))
        );
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.DeadSet());
        Assert.Empty(faults.All);
    }

    [Fact]
    public async Task Scheduled_redelivery_works_without_a_scheduler_of_ones_own()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<int>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.UseScheduledRedelivery(retry => retry.Interval(1, TimeSpan.FromMilliseconds(10)));
                        e.Handler<SubmitOrder>(context =>
                        {
                            seen.Add(context.GetRedeliveryCount());
                            return context.GetRedeliveryCount() == 0
                                ? throw new InvalidOperationException("not yet")
                                : Task.CompletedTask;
                        });
                    }
                )
        );

        await bus.Send("orders", new SubmitOrder(1));

        var counts = await seen.Next(2);
        Assert.Equal([0, 1], counts);
    }

    [Fact]
    public async Task In_memory_outbox_sends_nothing_of_a_failed_attempt()
    {
        await using var redis = await RedisServer.Lease();
        var accepted = new Seen<OrderAccepted>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (context, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.UseMessageRetry(retry => retry.Immediate(1));
                        e.UseInMemoryOutbox(context);
                        e.Handler<SubmitOrder>(async c =>
                        {
                            await c.Publish(new OrderAccepted(c.GetRetryAttempt()));
                            if (c.GetRetryAttempt() == 0)
                            {
                                throw new InvalidOperationException("not yet");
                            }
                        });
                    }
                );
                cfg.ReceiveEndpoint("accepted", e => e.Note(accepted));
            }
        );

        await bus.Send("orders", new SubmitOrder(1));

        Assert.Equal(1, (await accepted.Next()).OrderId);
        Assert.Single(accepted.All);
    }

    [Fact]
    public async Task Failed_consumer_publishes_its_fault_with_the_ids_of_the_message()
    {
        await using var redis = await RedisServer.Lease();
        var faults = new Seen<Received<Fault<SubmitOrder>>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.UseSidekiqRetry(r => r.None());
                        e.Handler<SubmitOrder>(_ => throw new InvalidOperationException("no"));
                    }
                );
                cfg.ReceiveEndpoint("faults", e => e.Note(faults));
            }
        );
        var (message, conversation) = (NewId.NextGuid(), NewId.NextGuid());

        await bus.Harness.Bus.Publish(
            new SubmitOrder(1),
            context => (context.MessageId, context.ConversationId) = (message, conversation)
        );

        var fault = await faults.Next();
        Assert.Equal((message, conversation), (fault.Message.FaultedMessageId, fault.Context.ConversationId));
        Assert.Equal(1, fault.Message.Message.OrderId);
        Assert.NotEmpty(fault.Message.Host.MachineName!);
        await redis.Until(async db => (await db.DeadSet()).Length == 1);
        Assert.Contains("System.InvalidOperationException", (await redis.DeadSet())[0].Job, StringComparison.Ordinal);
    }
}
