using System.Text.Json;
using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>Sidekiq's retry around MassTransit's pipe: who hears of a failure, and when.</summary>
public sealed class RetryTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Fault_is_published_once_when_the_retries_are_used_up()
    {
        await using var redis = await RedisServer.Lease();
        var (runs, faults) = (new Seen<int?>(), new Seen<Received<Fault<SubmitOrder>>>());
        await using var bus = await Start(
            redis,
            faults,
            e => e.UseSidekiqRetry(r => r.Limit(2)),
            FailingOrders.Handler(runs)
        );
        var id = NewId.NextGuid();

        await bus.Harness.Bus.Publish(new SubmitOrder(1), context => context.MessageId = id);

        Assert.Null(await runs.Next());
        for (var count = 0; count < 2; count++)
        {
            Assert.Equal(count, Count(await redis.Retried()));
            Assert.Empty(faults.All);
            await redis.RetryNow();
            Assert.Equal(count, await runs.Next());
        }

        var fault = await faults.Next();
        Assert.Equal((id, "no"), (fault.Message.FaultedMessageId, fault.Message.Exceptions[0].Message));
        await redis.Until(async state => (await state.DeadSet()).Length == 1);
        Assert.Empty(await redis.RetrySet());
        Assert.Single(faults.All);
    }

    [Fact]
    public async Task Fault_of_each_consumer_of_a_message_is_published()
    {
        await using var redis = await RedisServer.Lease();
        var faults = new Seen<Received<Fault<SubmitOrder>>>();
        await using var bus = await Start(
            redis,
            faults,
            e =>
            {
                e.UseSidekiqRetry(r => r.None());
                e.Handler<SubmitOrder>(_ => throw new InvalidOperationException("first"));
            },
            _ => throw new InvalidOperationException("second")
        );

        await bus.Send("orders", new SubmitOrder(1));

        var heard = await faults.Next(2);
        Assert.Equal(
            ["first", "second"],
            heard.Select(fault => fault.Message.Exceptions[0].Message).Order(StringComparer.Ordinal)
        );
        await redis.Until(async state => (await state.DeadSet()).Length == 1);
    }

    [Fact]
    public async Task Last_failure_is_announced_past_outboxes_and_through_the_filters_of_a_scope()
    {
        await using var redis = await RedisServer.Lease();
        var (accepted, faults) = (new Seen<OrderAccepted>(), new Seen<Received<Fault<SubmitOrder>>>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            x =>
            {
                x.AddConsumer<FailingConsumer>();
                x.AddScoped<Tenant>();
            },
            (context, cfg) =>
            {
                cfg.UseSendFilter(typeof(TenantFilter<>), context);
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.UseSidekiqRetry(r => r.None());
                        e.UseInMemoryOutbox(context);
                        e.ConfigureConsumer<FailingConsumer>(context);
                    }
                );
                cfg.ReceiveEndpoint("accepted", e => e.Note(accepted));
                cfg.ReceiveEndpoint("faults", e => e.Note(faults));
            }
        );

        await bus.Send("orders", new SubmitOrder(1));

        Assert.Equal("eu", (await faults.Next()).Context.Headers.Get<string>("Tenant"));
        await redis.Until(async state => (await state.DeadSet()).Length == 1);
        Assert.Empty(accepted.All);
    }

    [Fact]
    public async Task Error_pipe_of_the_users_own_sees_the_last_failure_only()
    {
        await using var redis = await RedisServer.Lease();
        var (runs, errors) = (new Seen<int?>(), new Seen<string>());
        await using var bus = await Start(
            redis,
            new(),
            e =>
            {
                e.UseSidekiqRetry(r => r.Limit(1));
                e.ConfigureError(pipe => pipe.UseExecute(context => errors.Add(context.Exception.Message)));
            },
            FailingOrders.Handler(runs)
        );

        await bus.Send("orders", new SubmitOrder(1));
        await redis.Retried();
        Assert.Empty(errors.All);
        await redis.RetryNow();

        Assert.Equal("no", await errors.Next());
        await bus.Harness.Stop();
        Assert.Equal(2, runs.All.Count);
        Assert.DoesNotContain(await redis.Keys(), key => key is "retry" or "dead" or "queue:orders");
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("mt:working", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Observers_hear_of_every_attempt()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis, new(), _ => { }, FailingOrders.Handler(new Seen<int?>()));

        await bus.Send("orders", new SubmitOrder(1));

        Assert.True(await bus.Harness.Consumed.Any<SubmitOrder>(consumed => consumed.Exception is { Message: "no" }));
        await redis.Retried();
    }

    [Fact]
    public async Task Retry_inside_the_process_is_one_attempt()
    {
        await using var redis = await RedisServer.Lease();
        var (runs, faults) = (new Seen<int?>(), new Seen<Received<Fault<SubmitOrder>>>());
        await using var bus = await Start(
            redis,
            faults,
            e => e.UseMessageRetry(r => r.Immediate(2)),
            FailingOrders.Handler(runs)
        );

        await bus.Send("orders", new SubmitOrder(1));

        await runs.Next(3);
        Assert.Equal(0, Count(await redis.Retried()));
        Assert.Empty(faults.All);
    }

    [Fact]
    public async Task Kill_switch_counts_failures_that_are_retried()
    {
        await using var redis = await RedisServer.Lease();
        var stopping = new Seen<Uri>();
        await using var bus = await Start(
            redis,
            new(),
            e =>
            {
                e.UseKillSwitch(options =>
                    options.SetActivationThreshold(2).SetTripThreshold(0.5).SetRestartTimeout(m: 5)
                );
                e.ConnectReceiveEndpointObserver(new StopObserver(stopping));
            },
            FailingOrders.Handler(new Seen<int?>())
        );

        await bus.Harness.Bus.PublishBatch(Enumerable.Range(0, 3).Select(id => new SubmitOrder(id)));

        Assert.EndsWith("/orders", (await stopping.Next()).AbsoluteUri, StringComparison.Ordinal);
        await redis.Until(async state => (await state.RetrySet()).Length == 3);
    }

    [Fact]
    public async Task Open_circuit_sends_jobs_to_the_retry_set_without_running_them()
    {
        await using var redis = await RedisServer.Lease();
        var runs = new Seen<int?>();
        await using var bus = await Start(
            redis,
            new(),
            e =>
            {
                e.ConcurrentMessageLimit = 1;
                e.UseCircuitBreaker(circuit =>
                {
                    circuit.ActiveThreshold = 2;
                    circuit.TripThreshold = 50;
                    circuit.TrackingPeriod = circuit.ResetInterval = TimeSpan.FromMinutes(5);
                });
            },
            FailingOrders.Handler(runs)
        );

        await bus.Harness.Bus.PublishBatch(Enumerable.Range(0, 10).Select(id => new SubmitOrder(id)));

        await redis.Until(async state => (await state.RetrySet()).Length == 10);
        Assert.InRange(runs.All.Count, 2, 9);
        Assert.Empty(await redis.DeadSet());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Job_cancelled_by_a_stop_has_not_failed(bool isWrapped)
    {
        await using var redis = await RedisServer.Lease();
        var started = new Seen<string>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x =>
                x.AddOptions<MassTransitHostOptions>()
                    .Configure(options => options.ConsumerStopTimeout = TimeSpan.FromMilliseconds(50)),
            (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                        e.Handler<SubmitOrder>(async context =>
                        {
                            started.Add(context.GetJob().RawJson);
                            var cancelled = new TaskCompletionSource();
                            await using var _ = context.CancellationToken.Register(() => cancelled.SetCanceled());
                            try
                            {
                                await cancelled.Task;
                            }
                            catch (OperationCanceledException cause) when (isWrapped)
                            {
                                throw new InvalidOperationException(
                                    "the database was in the middle of something",
                                    cause
                                );
                            }
                        })
                )
        );
        await bus.Send("orders", new SubmitOrder(1));
        var job = await started.Next();

        await bus.Harness.Stop();

        Assert.Equal([job], await redis.Queue("orders"));
        Assert.Empty(await redis.RetrySet());
        Assert.DoesNotContain(
            await redis.Keys(),
            key => key.StartsWith("mt:topic:MassTransit:Fault", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData(24, 1)]
    public async Task Job_that_nobody_can_read_is_announced_at_its_last_failure(int? retryCount, int announced)
    {
        await using var redis = await RedisServer.Lease();
        var faults = new Seen<ReceiveFault>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint("orders", e => e.Handler<SubmitOrder>(_ => Task.CompletedTask));
                cfg.ReceiveEndpoint("faults", e => e.Note(faults));
            }
        );
        var count = retryCount is null ? "" : $"\"retry_count\":{retryCount},\"failed_at\":{TestClock.Pushed},";

        await redis.SeedQueue(
            "orders",
            $$"""{{{count}}"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[1,2,3]}"""
        );

        await redis.Until(async state => (await state.RetrySet()).Length + (await state.DeadSet()).Length == 1);
        if (announced == 1)
        {
            Assert.Contains("3", (await faults.Next()).Exceptions[0].Message, StringComparison.Ordinal);
        }

        await bus.Harness.Stop();
        Assert.Equal(announced, (await redis.DeadSet()).Length);
        Assert.Equal(announced, faults.All.Count);
        Assert.DoesNotContain(await redis.Keys(), key => key == "queue:faults");
    }

    Task<TestBus> Start(
        RedisDatabase redis,
        Seen<Received<Fault<SubmitOrder>>> faults,
        Action<ISidekiqReceiveEndpointConfigurator> configure,
        MessageHandler<SubmitOrder> handler
    ) => FailingOrders.Start(redis, output, faults, configure, handler);

    static int Count(SetEntry entry) => JsonElement.Parse(entry.Job).GetProperty("retry_count").GetInt32();

    sealed class FailingConsumer : IConsumer<SubmitOrder>
    {
        public async Task Consume(ConsumeContext<SubmitOrder> context)
        {
            await context.Publish(new OrderAccepted(1));
            throw new InvalidOperationException("no");
        }
    }

    public sealed class Tenant : IDisposable
    {
        bool isDisposed;

        public string Name => isDisposed ? throw new ObjectDisposedException(nameof(Tenant)) : "eu";

        public void Dispose() => isDisposed = true;
    }

    public sealed class TenantFilter<T>(Tenant tenant) : IFilter<SendContext<T>>
        where T : class
    {
        public Task Send(SendContext<T> context, IPipe<SendContext<T>> next)
        {
            context.Headers.Set("Tenant", tenant.Name);
            return next.Send(context);
        }

        public void Probe(ProbeContext context) { }
    }

    sealed class StopObserver(Seen<Uri> seen) : IReceiveEndpointObserver
    {
        public Task Ready(ReceiveEndpointReady ready) => Task.CompletedTask;

        public Task Stopping(ReceiveEndpointStopping stopping)
        {
            seen.Add(stopping.InputAddress);
            return Task.CompletedTask;
        }

        public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

        public Task Faulted(ReceiveEndpointFaulted faulted) => Task.CompletedTask;
    }
}
