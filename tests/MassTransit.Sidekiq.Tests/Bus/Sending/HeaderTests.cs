using System.Diagnostics;
using MassTransit.Logging;
using MassTransit.Sidekiq.Tests.Diagnostics;

namespace MassTransit.Sidekiq.Tests;

[Collection(Activities.Collection)]
public sealed class HeaderTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Ids_addresses_and_headers_arrive_as_they_were_sent()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        await using var bus = await Start(redis, seen);
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:orders"));
        var ids = Enumerable.Range(0, 5).Select(_ => NewId.NextGuid()).ToArray();
        var when = TestClock.Today.UtcDateTime + new TimeSpan(1, 2, 3);

        await endpoint.Send(
            new SubmitOrder(1),
            context =>
            {
                (context.MessageId, context.CorrelationId, context.ConversationId) = (ids[0], ids[1], ids[2]);
                (context.InitiatorId, context.RequestId) = (ids[3], ids[4]);
                context.ResponseAddress = new Uri("queue:answers");
                context.FaultAddress = new Uri("queue:faults");
                context.TimeToLive = TimeSpan.FromHours(1);
                context.Headers.Set("Text", "añ\"b");
                context.Headers.Set("Number", 42);
                context.Headers.Set("Flag", true);
                context.Headers.Set("Time", when);
                context.Headers.Set("Guid", ids[0]);
            }
        );

        var got = (await seen.Next()).Context;
        Assert.Equal(
            ids.Select(id => (Guid?)id),
            [got.MessageId, got.CorrelationId, got.ConversationId, got.InitiatorId, got.RequestId]
        );
        Assert.Equal("queue:answers", got.ResponseAddress!.ToString());
        Assert.Equal("queue:faults", got.FaultAddress!.ToString());
        Assert.Equal(bus.Harness.Bus.Address, got.SourceAddress);
        Assert.EndsWith("/orders", got.DestinationAddress!.ToString(), StringComparison.Ordinal);
        Assert.Equal("añ\"b", got.Headers.Get<string>("Text"));
        Assert.Equal(42, got.Headers.Get<int>("Number"));
        Assert.Equal(true, got.Headers.Get<bool>("Flag"));
        Assert.Equal(when, got.Headers.Get<DateTime>("Time"));
        Assert.Equal(ids[0], got.Headers.Get<Guid>("Guid"));
        Assert.InRange(
            got.ExpirationTime!.Value - got.SentTime!.Value,
            TimeSpan.FromMinutes(59),
            TimeSpan.FromMinutes(61)
        );
        Assert.Contains("SubmitOrder", Assert.Single(got.SupportedMessageTypes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_sent_by_a_consumer_belongs_to_its_conversation()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<OrderAccepted>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "orders",
                    e => e.Handler<SubmitOrder>(c => c.Publish(new OrderAccepted(c.Message.OrderId)))
                );
                cfg.ReceiveEndpoint("accepted", e => e.Note(seen));
            }
        );
        var (conversation, correlation) = (NewId.NextGuid(), NewId.NextGuid());

        await bus.Harness.Bus.Publish(
            new SubmitOrder(1),
            context => (context.ConversationId, context.CorrelationId) = (conversation, correlation)
        );

        var got = (await seen.Next()).Context;
        Assert.Equal((conversation, correlation), (got.ConversationId, got.InitiatorId));
        Assert.EndsWith("/orders", got.SourceAddress!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expired_message_is_not_consumed()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        var sender = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host(redis.Url));
        var endpoint = await sender.GetSendEndpoint(new Uri("queue:orders"));
        await endpoint.Send(new SubmitOrder(1), context => context.TimeToLive = TimeSpan.FromTicks(1)).InTime();
        await endpoint.Send(new SubmitOrder(2), context => context.TimeToLive = TimeSpan.FromDays(1)).InTime();

        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.Note(seen);
                    }
                )
        );

        Assert.Equal(2, (await seen.Next()).OrderId);
        await redis.Until(async db =>
            !(await db.Keys()).Any(key => key.StartsWith("mt:working", StringComparison.Ordinal))
        );
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.DeadSet());
    }

    [Fact]
    public async Task Consumer_works_in_the_trace_of_the_sender()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<(string? Parent, ActivityTraceId Trace, string? Job)>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == DiagnosticHeaders.DefaultListenerName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                        e.Handler<SubmitOrder>(context =>
                        {
                            var current = Activity.Current!;
                            seen.Add((current.Parent?.ParentId, current.TraceId, context.GetJob().TraceParent));
                            return Task.CompletedTask;
                        })
                )
        );

        using var outer = new Activity("outer").SetIdFormat(ActivityIdFormat.W3C).Start();
        await bus.Send("orders", new SubmitOrder(1));
        outer.Stop();

        var (_, trace, traceParent) = await seen.Next();
        Assert.Equal(outer.TraceId, trace);
        Assert.StartsWith($"00-{outer.TraceId}-", traceParent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Observers_see_what_is_sent_published_received_and_consumed()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        await using var bus = await Start(redis, seen);

        await bus.Send("orders", new SubmitOrder(1));
        await bus.Harness.Bus.Publish(new SubmitOrder(2));
        await seen.Next(2);

        Assert.True(await bus.Harness.Sent.Any<SubmitOrder>(x => x.Context.Message.OrderId == 1));
        Assert.True(await bus.Harness.Published.Any<SubmitOrder>(x => x.Context.Message.OrderId == 2));
        Assert.True(await bus.Harness.Consumed.Any<SubmitOrder>(x => x.Context.Message.OrderId == 1));
        Assert.True(await bus.Harness.Consumed.Any<SubmitOrder>(x => x.Context.Message.OrderId == 2));
    }

    [Fact]
    public async Task Envelope_of_MassTransit_travels_inside_a_job()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<SubmitOrder>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.UseJsonSerializer();
                cfg.ReceiveEndpoint("orders", e => e.Note(seen));
            }
        );

        await bus.Send("orders", new SubmitOrder(1));

        var received = await seen.Next();
        Assert.Equal(1, received.Message.OrderId);
        Assert.Equal("application/vnd.masstransit+json", received.Context.ReceiveContext.ContentType.MediaType);
    }

    [Fact]
    public async Task Large_data_stays_outside_of_the_job()
    {
        await using var redis = await RedisServer.Lease();
        var store = new MassTransit.MessageData.InMemoryMessageDataRepository();
        var seen = new Seen<string>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.UseMessageData(store);
                cfg.ReceiveEndpoint(
                    "films",
                    e => e.Handler<IFilm>(async context => seen.Add((await context.Message.Text.Value)!))
                );
            }
        );
        var text = new string('x', 100_000);

        await bus.Harness.Bus.Publish<IFilm>(new { Text = text });

        Assert.Equal(text, await seen.Next());
    }

    public interface IFilm
    {
        MessageData<string> Text { get; }
    }

    Task<TestBus> Start(RedisDatabase redis, Seen<Received<SubmitOrder>> seen) =>
        TestBus.Start(redis, output, configure: (_, cfg) => cfg.ReceiveEndpoint("orders", e => e.Note(seen)));
}
