using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.Json.Serialization;
using MassTransit.Logging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq.Tests;

/// <summary>What a user may plug in, by where it throws. It throws while it is armed.</summary>
public sealed class PlugIn
{
    volatile bool isArmed = true;

    PlugIn() { }

    /// <summary>The class of the job that meets it.</summary>
    public string Class { get; private init; } = "MassTransit::Sidekiq::Tests::SubmitOrder";

    public string Metadata { get; private init; } = "{}";

    public string Args { get; private init; } = """{"orderId":1}""";

    /// <summary>Whether the consumer fails as well, since the plug-in is about failures.</summary>
    public bool IsOfFailures { get; private init; }

    public string Text { get; private set; } = "";

    public Action<IBusRegistrationConfigurator, PlugIn> Register { get; private init; } = (_, _) => { };

    public Action<IBusRegistrationContext, ISidekiqBusFactoryConfigurator, PlugIn> Bus { get; private init; } =
        (_, _, _) => { };

    public Action<IBusRegistrationContext, ISidekiqReceiveEndpointConfigurator, PlugIn> Endpoint
    {
        get;
        private init;
    } = (_, _, _) => { };

    /// <summary>What the consumer does beside noting its message.</summary>
    public Func<ConsumeContext<SubmitOrder>, Task> Consume { get; private init; } = _ => Task.CompletedTask;

    static readonly Dictionary<string, Func<PlugIn>> all = new(StringComparer.Ordinal)
    {
        ["filter of receiving"] = () =>
            new PlugIn { Endpoint = (_, e, plug) => e.ConfigureReceive(x => x.UseExecute(_ => plug.Throw())) },
        ["filter of consuming"] = () => new PlugIn { Endpoint = (_, e, plug) => e.UseExecute(_ => plug.Throw()) },
        ["filter of a consumer, from the container"] = () =>
            new PlugIn
            {
                Register = (x, plug) =>
                {
                    x.AddConsumer<PlainConsumer>();
                    x.AddSingleton(plug);
                },
                Endpoint = (context, e, _) =>
                {
                    e.UseConsumeFilter(typeof(ThrowingConsumeFilter<>), context);
                    e.ConfigureConsumer<PlainConsumer>(context);
                },
            },
        ["filter of sending"] = () =>
            new PlugIn
            {
                Bus = (_, cfg, plug) => cfg.ConfigureSend(x => x.UseExecute(_ => plug.Throw())),
                Consume = context => context.Send(new Uri("queue:elsewhere"), new OrderAccepted(1)),
            },
        ["filter of publishing"] = () =>
            new PlugIn
            {
                Bus = (_, cfg, plug) => cfg.ConfigurePublish(x => x.UseExecute(_ => plug.Throw())),
                Consume = context => context.Publish(new OrderAccepted(1)),
            },
        ["filter of publishing a fault"] = () =>
            new PlugIn
            {
                IsOfFailures = true,
                Bus = (_, cfg, plug) => cfg.ConfigurePublish(x => x.UseExecute(_ => plug.Throw())),
                Endpoint = (_, e, _) => e.UseSidekiqRetry(retry => retry.None()),
            },
        ["convention of the topology"] = () =>
            new PlugIn
            {
                Bus = (_, cfg, plug) =>
                    cfg.Send<OrderAccepted>(x =>
                        x.UseCorrelationId(_ =>
                        {
                            plug.Throw();
                            return Guid.Empty;
                        })
                    ),
                Consume = context => context.Publish(new OrderAccepted(1)),
            },
        ["partitioner"] = () =>
            new PlugIn
            {
                Endpoint = (_, e, plug) =>
                    e.UsePartitioner<SubmitOrder>(
                        e.CreatePartitioner(4),
                        _ =>
                        {
                            plug.Throw();
                            return Guid.Empty;
                        }
                    ),
            },
        ["deserializer"] = () =>
            new PlugIn
            {
                Bus = (_, cfg, plug) => cfg.AddDeserializer(new ThrowingDeserializer(plug)),
                Metadata = """{"ct":"application/vnd.test.throwing"}""",
                Args = "\"AAAA\"",
            },
        ["converter of JSON"] = () =>
            new PlugIn
            {
                Class = "ThrowingConverted",
                Endpoint = (_, e, _) => e.Handler<Converted>(_ => Task.CompletedTask),
            },
        ["rule of retries"] = () =>
            new PlugIn
            {
                IsOfFailures = true,
                Endpoint = (_, e, plug) =>
                    e.UseSidekiqRetry(retry =>
                        retry.RetryIn(
                            (_, _) =>
                            {
                                plug.Throw();
                                return SidekiqRetryIn.Default;
                            }
                        )
                    ),
            },
        ["policy of retries inside the process"] = () =>
            new PlugIn
            {
                IsOfFailures = true,
                Endpoint = (_, e, plug) =>
                    e.UseMessageRetry(retry =>
                    {
                        retry.Immediate(1);
                        retry.Handle<InvalidOperationException>(_ =>
                        {
                            plug.Throw();
                            return true;
                        });
                    }),
            },
        ["handler of deaths"] = () =>
            new PlugIn
            {
                IsOfFailures = true,
                Bus = (_, cfg, plug) =>
                    cfg.OnJobDeath(
                        (_, _) =>
                        {
                            plug.Throw();
                            return Task.CompletedTask;
                        }
                    ),
                Endpoint = (_, e, _) => e.UseSidekiqRetry(retry => retry.None()),
            },
        ["pipe of errors"] = () =>
            new PlugIn
            {
                IsOfFailures = true,
                Endpoint = (_, e, plug) =>
                {
                    e.UseSidekiqRetry(retry => retry.None());
                    e.ConfigureError(x => x.UseExecute(_ => plug.Throw()));
                },
            },
        ["pipe of skipped messages"] = () =>
            new PlugIn
            {
                Class = "NobodyHere",
                Metadata = """{"type":["urn:message:Some:NobodyHere"]}""",
                Endpoint = (_, e, plug) => e.ConfigureDeadLetter(x => x.UseExecute(_ => plug.Throw())),
            },
        ["formatter of error queues"] = () =>
            new PlugIn
            {
                IsOfFailures = true,
                Bus = (_, cfg, plug) => cfg.SendTopology.ErrorQueueNameFormatter = new ThrowingFormatter(plug),
                Endpoint = (_, e, _) => e.UseErrorQueue(),
            },
        ["constructor of a consumer"] = () => OfConsumer<ThrowingConstructor>(),
        ["disposal of a consumer"] = () => OfConsumer<ThrowingDisposal>(),
        ["asynchronous disposal of a consumer"] = () => OfConsumer<ThrowingAsyncDisposal>(),
        ["what a consumer depends on"] = () => OfConsumer<ThrowingDependent>(),
        ["observer of receiving, before"] = () => OfReceiving("PreReceive"),
        ["observer of receiving, after"] = () => OfReceiving("PostReceive"),
        ["observer of receiving, consumed"] = () => OfReceiving("PostConsume"),
        ["observer of receiving, failed"] = () => OfReceiving("ConsumeFault", isOfFailures: true),
        ["observer of receiving, broken"] = () =>
            new PlugIn
            {
                Endpoint = (_, e, plug) => e.ConfigureReceive(x => x.UseExecute(_ => plug.Throw())),
                Connect = (bus, plug) => bus.ConnectReceiveObserver(new ThrowingObserver(plug, "ReceiveFault")),
            },
        ["observer of consuming, before"] = () => OfConsuming("PreConsume"),
        ["observer of consuming, after"] = () => OfConsuming("PostConsume"),
        ["observer of consuming, failed"] = () => OfConsuming("ConsumeFault", isOfFailures: true),
        ["observer of sending"] = () =>
            new PlugIn
            {
                Connect = (bus, plug) => bus.ConnectSendObserver(new ThrowingObserver(plug, "PreSend")),
                Consume = context => context.Send(new Uri("queue:elsewhere"), new OrderAccepted(1)),
            },
        ["observer of publishing"] = () =>
            new PlugIn
            {
                Connect = (bus, plug) => bus.ConnectPublishObserver(new ThrowingObserver(plug, "PrePublish")),
                Consume = context => context.Publish(new OrderAccepted(1)),
            },
        ["observer of an endpoint"] = () =>
            new PlugIn
            {
                Endpoint = (_, e, plug) => e.ConnectReceiveEndpointObserver(new ThrowingObserver(plug, "Ready")),
                IsOfStart = true,
            },
        ["observer of endpoints"] = () =>
            new PlugIn
            {
                Register = (x, plug) => x.AddReceiveEndpointObserver(_ => new ThrowingObserver(plug, "Ready")),
                IsOfStart = true,
            },
        ["listener of activities"] = () => new PlugIn { Listen = ListenToActivities },
        ["listener of meters"] = () => new PlugIn { Listen = ListenToMeters },
        ["logger"] = () =>
            new PlugIn
            {
                IsOfFailures = true,
                Register = (x, plug) => x.AddLogging(logging => logging.AddProvider(new ThrowingLogger(plug))),
                IsTheLog = true,
            },
    };

    public static IEnumerable<string> Names => all.Keys;

    /// <summary>Whether it throws when the endpoint starts, and no job meets it.</summary>
    public bool IsOfStart { get; private init; }

    /// <summary>Whether nobody can log what it throws.</summary>
    public bool IsTheLog { get; private init; }

    public Action<IBus, PlugIn> Connect { get; private init; } = (_, _) => { };

    /// <summary>A listener of the whole process, which throws for one queue only.</summary>
    public Func<PlugIn, IDisposable?> Listen { get; private init; } = _ => null;

    /// <summary>A queue of its own, for what listens to the whole process.</summary>
    public string Queue { get; private set; } = "";

    public static PlugIn Of(string name)
    {
        var plug = all[name]();
        plug.Text = $"thrown by the {name}";
        plug.Queue = $"orders-{Guid.NewGuid():N}";
        return plug;
    }

    public void Disarm() => isArmed = false;

    public void Throw()
    {
        if (isArmed)
        {
            throw new PlugInException(Text);
        }
    }

    static PlugIn OfConsumer<T>()
        where T : class, IConsumer =>
        new()
        {
            Register = (x, plug) =>
            {
                x.AddConsumer<T>();
                x.AddSingleton(plug);
                x.AddScoped<ThrowingDependency>();
            },
            Endpoint = (context, e, _) => e.ConfigureConsumer<T>(context),
        };

    static PlugIn OfReceiving(string method, bool isOfFailures = false) =>
        new()
        {
            IsOfFailures = isOfFailures,
            Connect = (bus, plug) => bus.ConnectReceiveObserver(new ThrowingObserver(plug, method)),
        };

    static PlugIn OfConsuming(string method, bool isOfFailures = false) =>
        new()
        {
            IsOfFailures = isOfFailures,
            Connect = (bus, plug) => bus.ConnectConsumeObserver(new ThrowingObserver(plug, method)),
        };

    static ActivityListener ListenToActivities(PlugIn plug)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == DiagnosticHeaders.DefaultListenerName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
            {
                if (options.Name.StartsWith(plug.Queue, StringComparison.Ordinal))
                {
                    plug.Throw();
                }

                return ActivitySamplingResult.None;
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    static MeterListener ListenToMeters(PlugIn plug)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "MassTransit.Sidekiq" && !instrument.IsObservable)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (_, _, tags, _) =>
            {
                foreach (var tag in tags)
                {
                    if (tag.Value is string queue && queue == plug.Queue)
                    {
                        plug.Throw();
                    }
                }
            }
        );
        listener.Start();
        return listener;
    }
}

public sealed class PlugInException(string message) : Exception(message);

[SidekiqJob("ThrowingConverted")]
public sealed record Converted([property: JsonConverter(typeof(ThrowingConverter))] int OrderId);

public sealed class ThrowingConverter : JsonConverter<int>
{
    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new PlugInException("thrown by the converter of JSON");

    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value);
}
