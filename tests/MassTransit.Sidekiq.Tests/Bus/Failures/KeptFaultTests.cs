using MassTransit.Testing;

namespace MassTransit.Sidekiq.Tests;

/// <summary>Faults are kept back until it is known whether the attempt was the last. Nobody's is forgotten.</summary>
public sealed class KeptFaultTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fault_whose_exception_does_not_leave_the_pipe_is_published(bool isTaken)
    {
        await using var redis = await RedisServer.Lease();
        var (faults, observed) = (new Seen<Received<Fault<SubmitOrder>>>(), new Seen<string>());
        await using var bus = await FailingOrders.Start(
            redis,
            output,
            faults,
            e =>
            {
                if (isTaken)
                {
                    e.UseFilter(new TakingFilter());
                }
            },
            context =>
                isTaken
                    ? throw new InvalidOperationException("no")
                    : context.NotifyFaulted(TimeSpan.Zero, "mine", new InvalidOperationException("no"))
        );

        bus.Harness.Bus.ConnectReceiveObserver(new FaultObserver(observed));

        await bus.Send("orders", new SubmitOrder(1));

        Assert.Equal("no", (await faults.Next()).Message.Exceptions[0].Message);
        Assert.Equal("no", await observed.Next());
        await redis.Until(async state =>
            !(await state.Keys()).Any(key => key.StartsWith("mt:working", StringComparison.Ordinal))
        );
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.DeadSet());
        Assert.Single(faults.All);
        Assert.Single(bus.Log, line => line.StartsWith("Error: R-FAULT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Requester_hears_of_a_fault_whose_exception_a_filter_took()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await FailingOrders.Start(
            redis,
            output,
            new(),
            e => e.UseFilter(new TakingFilter()),
            _ => throw new InvalidOperationException("no")
        );
        var client = bus.Harness.Bus.CreateRequestClient<SubmitOrder>(new Uri("queue:orders"));

        var fault = await Assert.ThrowsAsync<RequestFaultException>(() =>
            client
                .GetResponse<OrderAccepted>(new SubmitOrder(1), TestContext.Current.CancellationToken)
                .InTime("the answer")
        );

        Assert.Equal("no", fault.Fault!.Exceptions[0].Message);
    }

    [Fact]
    public async Task Fault_reported_after_the_attempt_is_in_the_log()
    {
        await using var redis = await RedisServer.Lease();
        var (ended, reported) = (new TaskCompletionSource(), new TaskCompletionSource<Task>());
        await using var bus = await FailingOrders.Start(
            redis,
            output,
            new(),
            _ => { },
            context =>
            {
                reported.SetResult(Report(context));
                return Task.CompletedTask;
            }
        );

        await bus.Send("orders", new SubmitOrder(1));
        var report = await reported.Task.InTime();
        await redis.Until(async state =>
            !(await state.Keys()).Any(key => key.StartsWith("mt:working", StringComparison.Ordinal))
        );
        ended.SetResult();
        await report.InTime();

        Assert.Single(
            bus.Log,
            line =>
                line.StartsWith("Error: R-FAULT", StringComparison.Ordinal)
                && line.Contains("too late", StringComparison.Ordinal)
        );

        async Task Report(ConsumeContext<SubmitOrder> context)
        {
            await ended.Task;
            await context.NotifyFaulted(TimeSpan.Zero, "mine", new InvalidOperationException("too late"));
        }
    }

    [Fact]
    public async Task Fault_of_a_job_that_was_put_off_is_not_published()
    {
        await using var redis = await RedisServer.Lease();
        var (faults, counts) = (new Seen<Received<Fault<SubmitOrder>>>(), new Seen<int>());
        await using var bus = await FailingOrders.Start(
            redis,
            output,
            faults,
            e => e.UseFilter(new TakingFilter()),
            async context =>
            {
                counts.Add(context.GetRedeliveryCount());
                if (context.GetRedeliveryCount() == 0)
                {
                    await context.Redeliver(TimeSpan.FromMilliseconds(5));
                    throw new InvalidOperationException("after it was put off");
                }
            }
        );

        await bus.Send("orders", new SubmitOrder(1));

        await counts.Next(2);
        await bus.Harness.Stop();
        Assert.Empty(faults.All);
    }

    sealed class TakingFilter : IFilter<ConsumeContext>
    {
        public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
        {
            try
            {
                await next.Send(context);
            }
            catch (InvalidOperationException)
            {
                // The user knows better.
            }
        }

        public void Probe(ProbeContext context) { }
    }

    sealed class FaultObserver(Seen<string> seen) : IReceiveObserver
    {
        public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

        public Task PostReceive(ReceiveContext context) => Task.CompletedTask;

        public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
            where T : class => Task.CompletedTask;

        public Task ConsumeFault<T>(
            ConsumeContext<T> context,
            TimeSpan duration,
            string consumerType,
            Exception exception
        )
            where T : class
        {
            seen.Add(exception.Message);
            return Task.CompletedTask;
        }

        public Task ReceiveFault(ReceiveContext context, Exception exception) => Task.CompletedTask;
    }
}
