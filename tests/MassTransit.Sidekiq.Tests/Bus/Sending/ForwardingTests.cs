using System.Text;
using MassTransit.Courier.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>Roads on which a body travels that was written before: each must end in the job of the message it is.</summary>
public sealed class ForwardingTests(ITestOutputHelper output)
{
    public enum Writer
    {
        Ours,
        Envelope,
        Raw,
        Sealed,
    }

    public enum Road
    {
        Forward,
        Outbox,
        InboxOutbox,
        InboxOutboxPublish,
        Schedule,
        InboxOutboxSchedule,
    }

    public static TheoryData<Writer, Road> Roads =>
        [.. from writer in Enum.GetValues<Writer>() from road in Enum.GetValues<Road>() select (writer, road)];

    [Theory]
    [MemberData(nameof(Roads))]
    public async Task Message_keeps_its_class_its_options_and_its_headers_on_every_road(Writer writer, Road road)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<ParcelSent>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x => x.AddInMemoryInboxOutbox(),
            (context, cfg) =>
            {
                Write(cfg, writer);
                cfg.Job<ParcelSent>(job => job.Class("Post::ParcelJob").Queue("end").Retry(3).Tags("post"));
                cfg.ReceiveEndpoint("start", e => Travel(e, context, road));
                cfg.ReceiveEndpoint(
                    "end",
                    e =>
                    {
                        e.ConfigureConsumeTopology = false;
                        e.Note(seen);
                    }
                );
            }
        );

        var start = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:start"));
        await start.Send(new ParcelSent(7, "Ulm"), x => x.Headers.Set("Tenant", "blue"));

        var got = await seen.Next();
        Assert.Equal(new ParcelSent(7, "Ulm"), got.Message);
        Assert.Equal("blue", got.Context.Headers.Get<string>("Tenant"));
        var job = got.Context.GetJob();
        if (writer != Writer.Raw || road != Road.Forward)
        {
            Assert.Equal("Post::ParcelJob", job.Class);
            Assert.Equal(3, job.Retry.Limit);
            Assert.Equal(["post"], job.Tags);
            Assert.Equal(MessageUrn.ForTypeString<ParcelSent>(), job.Metadata!.MessageTypes[0]);
        }

        Assert.Empty(await redis.RetrySet());
    }

    [Theory]
    [InlineData(SidekiqArgs.Positional, "[7,\"Ulm\"]")]
    [InlineData(SidekiqArgs.Hash, """[{"parcel_id":7,"town":"Ulm"}]""")]
    [InlineData(SidekiqArgs.ActiveJob, "\"arguments\":[{\"parcel_id\":7,\"town\":\"Ulm\",")]
    public async Task Staged_message_has_the_arguments_that_its_contract_says(SidekiqArgs args, string expected)
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x => x.AddInMemoryInboxOutbox(),
            (context, cfg) =>
            {
                cfg.Job<ParcelSent>(job =>
                    job.Class("ParcelJob").Args(args).Naming(SidekiqNaming.SnakeCase).Queue("ruby").Retry(3)
                );
                cfg.ReceiveEndpoint("start", e => Travel(e, context, Road.InboxOutboxPublish));
            }
        );

        await bus.Send("start", new ParcelSent(7, "Ulm"));

        await redis.Until(async db => (await db.Queue("ruby")).Length == 1);
        var job = SidekiqJob.Parse(Encoding.UTF8.GetBytes(Assert.Single(await redis.Queue("ruby"))), "ruby");
        Assert.Equal("ParcelJob", job.Wrapped ?? job.Class);
        Assert.Contains(expected, Encoding.UTF8.GetString(job.Args.Span), StringComparison.Ordinal);
        Assert.Equal(3, job.Retry.Limit);
    }

    [Fact]
    public async Task Message_scheduled_through_an_outbox_can_be_cancelled()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x => x.AddInMemoryInboxOutbox(),
            (context, cfg) =>
                cfg.ReceiveEndpoint(
                    "start",
                    e =>
                    {
                        e.UseInMemoryInboxOutbox(context);
                        e.Handler<ParcelSent>(c =>
                            c.ScheduleSend(new Uri("queue:later"), TimeSpan.FromDays(1), new Label(c.Message.ParcelId))
                        );
                    }
                )
        );

        await bus.Send("start", new ParcelSent(7, "Ulm"));
        await redis.Until(async db => (await db.ScheduledSet()).Length == 1);
        var scheduled = SidekiqJob.Parse(Encoding.UTF8.GetBytes((await redis.ScheduledSet())[0].Job), "later");
        await using var scope = bus.Services.CreateAsyncScope();
        await scope
            .ServiceProvider.GetRequiredService<IMessageScheduler>()
            .CancelScheduledSend(new Uri("queue:later"), scheduled.Metadata!.SchedulingToken!.Value);

        Assert.Empty(await redis.ScheduledSet());
    }

    [Theory]
    [InlineData(SidekiqArgs.Hash)]
    [InlineData(SidekiqArgs.Positional)]
    [InlineData(SidekiqArgs.ActiveJob)]
    public async Task Forwarder_that_knows_only_an_interface_passes_on_the_job_as_it_is(SidekiqArgs args)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<ParcelSent>>();
        await using var forwarder = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint("start", e => e.Handler<IPosted>(c => c.Forward(new Uri("queue:end"))))
        );
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Job<ParcelSent>(job => job.Class("Post::ParcelJob").Args(args));
                cfg.ReceiveEndpoint("end", e => e.Note(seen));
            }
        );

        await bus.Send("start", new ParcelSent(7, "Ulm"));

        var got = await seen.Next();
        Assert.Equal(new ParcelSent(7, "Ulm"), got.Message);
        Assert.Equal("Post::ParcelJob", got.Context.GetJob().Wrapped ?? got.Context.GetJob().Class);
        Assert.Contains(MessageUrn.ForTypeString<IPosted>(), got.Context.SupportedMessageTypes);
    }

    [Fact]
    public async Task Subscriber_of_a_routing_slip_gets_the_event_of_its_own_type()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<IRouteDone>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Job<IRouteDone>(job => job.Class("Post::RouteJob"));
                cfg.ReceiveEndpoint("routes", e => e.Note(seen));
                cfg.ReceiveEndpoint(
                    "stop",
                    e => e.ExecuteActivityHost<StopActivity, StopArguments>(() => new StopActivity())
                );
            }
        );
        var builder = new RoutingSlipBuilder(NewId.NextGuid());
        builder.AddActivity("Stop", new Uri("queue:stop"));
        await builder.AddSubscription(
            new Uri("queue:routes"),
            RoutingSlipEvents.Completed,
            endpoint => endpoint.Send<IRouteDone>(new { Town = "Ulm" })
        );

        await bus.Harness.Bus.Execute(builder.Build());

        var got = await seen.Next();
        Assert.Equal("Ulm", got.Message.Town);
        Assert.Equal("Post::RouteJob", got.Context.GetJob().Class);
    }

    [Theory]
    [InlineData(SidekiqArgs.Hash)]
    [InlineData(SidekiqArgs.Positional)]
    public async Task Request_that_a_saga_answers_later_gets_its_answer(SidekiqArgs args)
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x =>
            {
                x.AddSagaStateMachine<TripMachine, Trip>().InMemoryRepository();
                x.AddSagaStateMachine<Components.RequestStateMachine, Components.RequestState>().InMemoryRepository();
            },
            (_, cfg) => cfg.Job<Delivered>(job => job.Args(args).Naming(SidekiqNaming.SnakeCase))
        );
        var client = bus.Harness.Bus.CreateRequestClient<Deliver>(timeout: Eventually.Guard);
        var id = NewId.NextGuid();

        var answer = client.GetResponse<Delivered>(new Deliver(id));
        await redis.Until(async _ => await bus.Harness.Consumed.Any<Contracts.RequestStarted>());
        await bus.Harness.Bus.Publish(new ArrivedAt(id, "Ulm"));

        Assert.Equal("Ulm", (await answer.InTime()).Message.TheTown);
    }

    [Fact]
    public async Task Large_data_of_a_forwarded_message_is_still_found()
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
                cfg.ReceiveEndpoint("start", e => e.Handler<IFilm>(c => c.Forward(new Uri("queue:films"))));
                cfg.ReceiveEndpoint(
                    "films",
                    e =>
                    {
                        e.ConfigureConsumeTopology = false;
                        e.Handler<IFilm>(async context => seen.Add((await context.Message.Text.Value)!));
                    }
                );
            }
        );
        var text = new string('x', 100_000);

        await bus.Harness.Bus.Publish<IFilm>(new { Text = text });

        Assert.Equal(text, await seen.Next());
    }

    static void Write(ISidekiqBusFactoryConfigurator cfg, Writer writer)
    {
        switch (writer)
        {
            case Writer.Envelope:
                cfg.UseJsonSerializer();
                break;
            case Writer.Raw:
                cfg.UseRawJsonSerializer(RawSerializerOptions.CopyHeaders | RawSerializerOptions.AnyMessageType);
                break;
            case Writer.Sealed:
                cfg.AddSerializer(new SealedSerializer());
                cfg.AddDeserializer(new SealedSerializer());
                break;
            default:
                break;
        }
    }

    static void Travel(IReceiveEndpointConfigurator e, IBusRegistrationContext context, Road road)
    {
        var end = new Uri("queue:end");
        e.ConfigureConsumeTopology = false;
        switch (road)
        {
            case Road.Forward:
                e.Handler<IPosted>(c => c.Forward(end));
                break;
            case Road.Outbox:
                e.UseInMemoryOutbox(context);
                e.Handler<ParcelSent>(c => c.Send(end, c.Message));
                break;
            case Road.InboxOutbox:
                e.UseInMemoryInboxOutbox(context);
                e.Handler<ParcelSent>(c => c.Send(end, c.Message));
                break;
            case Road.InboxOutboxPublish:
                e.UseInMemoryInboxOutbox(context);
                e.Handler<ParcelSent>(c => c.Publish(c.Message));
                break;
            case Road.Schedule:
                e.Handler<ParcelSent>(c => c.ScheduleSend(end, TimeSpan.FromMilliseconds(10), c.Message));
                break;
            default:
                e.UseInMemoryInboxOutbox(context);
                e.Handler<ParcelSent>(c => c.ScheduleSend(end, TimeSpan.FromMilliseconds(10), c.Message));
                break;
        }
    }
}

public interface IPosted
{
    int ParcelId { get; }
}

public sealed record ParcelSent(int ParcelId, string Town) : IPosted;

public sealed record Label(int ParcelId);

public interface IFilm
{
    MessageData<string> Text { get; }
}

public interface IRouteDone
{
    string Town { get; }
}

public sealed record StopArguments;

public sealed class StopActivity : IExecuteActivity<StopArguments>
{
    public Task<ExecutionResult> Execute(ExecuteContext<StopArguments> context) => Task.FromResult(context.Completed());
}

public sealed record Deliver(Guid DeliveryId);

public sealed record ArrivedAt(Guid DeliveryId, string Town);

public sealed record Delivered(Guid DeliveryId, string TheTown);

public sealed class Trip : SagaStateMachineInstance
{
    public Guid CorrelationId { get; set; }

    public string CurrentState { get; set; } = "";
}

public sealed class TripMachine : MassTransitStateMachine<Trip>
{
    public TripMachine()
    {
        InstanceState(x => x.CurrentState);
        Event(() => Asked, x => x.CorrelateById(c => c.Message.DeliveryId));
        Event(() => Arrived, x => x.CorrelateById(c => c.Message.DeliveryId));
        Initially(When(Asked).RequestStarted().TransitionTo(OnTheWay));
        During(
            OnTheWay,
            When(Arrived)
                .RequestCompleted(c => Task.FromResult(new Delivered(c.Message.DeliveryId, c.Message.Town)))
                .Finalize()
        );
    }

    public State OnTheWay { get; } = null!;

    public Event<Deliver> Asked { get; } = null!;

    public Event<ArrivedAt> Arrived { get; } = null!;
}
