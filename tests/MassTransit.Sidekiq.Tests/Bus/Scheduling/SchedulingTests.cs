using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

public sealed class SchedulingTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Scheduled_message_waits_in_Sidekiqs_schedule_and_comes_when_it_is_due()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        await using var bus = await Start(redis, seen);
        await using var scope = bus.Services.CreateAsyncScope();
        var scheduler = scope.ServiceProvider.GetRequiredService<IMessageScheduler>();

        await scheduler.ScheduleSend(new Uri("queue:orders"), TimeSpan.FromDays(1), new SubmitOrder(1));
        await scheduler.SchedulePublish(TimeSpan.FromDays(2), new SubmitOrder(2));
        await scheduler.ScheduleSend(new Uri("queue:orders"), TimeSpan.FromMilliseconds(50), new SubmitOrder(3));
        await scheduler.SchedulePublish(TimeSpan.FromMilliseconds(100), new SubmitOrder(4));

        Assert.Equal([3, 4], (await seen.Next(2)).Select(order => order.OrderId));
        var waiting = await redis.ScheduledSet();
        Assert.Equal(3, waiting.Length);
        Assert.All(waiting, entry => Assert.DoesNotContain("\"enqueued_at\"", entry.Job, StringComparison.Ordinal));
        Assert.InRange(
            waiting[0].Time - TimeProvider.System.GetUtcNow(),
            TimeSpan.FromHours(23),
            TimeSpan.FromHours(24)
        );
    }

    [Fact]
    public async Task Scheduled_message_is_cancelled_by_another_bus()
    {
        await using var redis = await RedisServer.Lease();
        await using var first = await Start(redis, new());
        await using var second = await Start(redis, new());
        ScheduledMessage<SubmitOrder> sent;
        ScheduledMessage<SubmitOrder> published;
        await using (var scope = first.Services.CreateAsyncScope())
        {
            var scheduler = scope.ServiceProvider.GetRequiredService<IMessageScheduler>();
            sent = await scheduler.ScheduleSend(new Uri("queue:orders"), TimeSpan.FromDays(1), new SubmitOrder(1));
            published = await scheduler.SchedulePublish(TimeSpan.FromDays(1), new SubmitOrder(2));
        }

        Assert.Equal(3, (await redis.ScheduledSet()).Length);
        await using (var scope = second.Services.CreateAsyncScope())
        {
            var scheduler = scope.ServiceProvider.GetRequiredService<IMessageScheduler>();
            await scheduler.CancelScheduledSend(sent.Destination, sent.TokenId);
            Assert.Equal(2, (await redis.ScheduledSet()).Length);
            await scheduler.CancelScheduledPublish<SubmitOrder>(published.TokenId);
        }

        Assert.Empty(await redis.ScheduledSet());
    }

    [Fact]
    public async Task Consumer_schedules_cancels_and_defers()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<(int Id, int Redelivered)>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                        e.Handler<SubmitOrder>(async context =>
                        {
                            seen.Add((context.Message.OrderId, context.GetRedeliveryCount()));
                            if (context.Message.OrderId != 1)
                            {
                                return;
                            }

                            if (context.GetRedeliveryCount() == 0)
                            {
                                await context.Redeliver(TimeSpan.FromMilliseconds(20));
                                return;
                            }

                            var input = context.ReceiveContext.InputAddress;
                            var cancelled = await context.ScheduleSend(input, TimeSpan.FromDays(1), new SubmitOrder(2));
                            var scheduler = context.GetPayload<MessageSchedulerContext>();
                            await scheduler.CancelScheduledSend(cancelled.Destination, cancelled.TokenId);
                            await context.SchedulePublish(TimeSpan.FromMilliseconds(20), new SubmitOrder(3));
                        })
                )
        );

        await bus.Send("orders", new SubmitOrder(1));

        Assert.Equal([(1, 0), (1, 1), (3, 0)], await seen.Next(3));
        Assert.Empty(await redis.ScheduledSet());
    }

    [Fact]
    public async Task Delayed_message_carries_no_token_and_keeps_its_contract()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("orders", e => e.Note(seen))
        );
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:orders"));

        await endpoint.Send(
            new SubmitOrder(1),
            context =>
            {
                context.Delay = TimeSpan.FromMilliseconds(30);
                context.Job(job => job.Tags = ["late"]);
                context.Headers.Set("Tenant", "eu");
            }
        );

        var received = await seen.Next();
        Assert.Equal(["late"], received.Context.GetJob().Tags);
        Assert.Equal("eu", received.Context.Headers.Get<string>("Tenant"));
        Assert.NotNull(received.Context.GetJob().EnqueuedAt);
        Assert.False(received.Context.GetRedeliveryCount() > 0);
    }

    Task<TestBus> Start(RedisDatabase redis, Seen<SubmitOrder> seen) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        // What is due together is seen in its order.
                        e.ConcurrentMessageLimit = 1;
                        e.Note(seen);
                    }
                );
                cfg.ReceiveEndpoint(
                    "copies",
                    e =>
                    {
                        e.Handler<SubmitOrder>(_ => Task.CompletedTask);
                    }
                );
            }
        );
}
