using MassTransit.Testing;

namespace MassTransit.Sidekiq.Tests;

/// <summary>The code in docs/retries.md, as it stands there.</summary>
public sealed class RetryGuideTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, "retry", 15)]
    [InlineData(2, "retry", 60)]
    [InlineData(3, "dead", 0)]
    public async Task Policy_of_the_guide_decides_by_the_exception(int order, string set, int after)
    {
        await using var redis = await RedisServer.Lease();
        var pager = new Pager();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x => x.AddConsumer<OrderConsumer>(),
            (context, cfg) =>
            {
                cfg.OnJobDeath(
                    (job, exception) => pager.Tell($"{job.Class} {job.Jid} of {job.Queue}: {exception.Message}")
                );
                cfg.UseSidekiqRetry(r => r.Limit(10));
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.UseSidekiqRetry(r =>
                            r.RetryFor(TimeSpan.FromHours(2))
                                .RetryIn(
                                    (count, exception) =>
                                        exception switch
                                        {
                                            ValidationException => SidekiqRetryIn.Kill,
                                            TimeoutException => TimeSpan.FromMinutes(1),
                                            _ => SidekiqRetryIn.Default,
                                        }
                                )
                        );
                        e.ConfigureConsumer<OrderConsumer>(context, c => c.UseSidekiqRetry(r => r.Backtrace(20)));
                    }
                );
            }
        );

        await bus.Send("orders", new SubmitOrder(order));

        await redis.Until(async state => (await state.RetrySet()).Length + (await state.DeadSet()).Length == 1);
        await bus.Harness.Stop();
        var entry = set == "retry" ? (await redis.RetrySet())[0] : (await redis.DeadSet())[0];
        var job = System.Text.Json.JsonElement.Parse(entry.Job);
        Assert.InRange(entry.Score - job.GetProperty("failed_at").GetDouble(), after, after + 10);
        Assert.Equal(set == "dead" ? 1 : 0, pager.Told.Count);
        Assert.NotEmpty(job.GetProperty("error_backtrace").GetString()!);
    }

    sealed class Pager
    {
        public IList<string> Told { get; } = [];

        public Task Tell(string what)
        {
            Told.Add(what);
            return Task.CompletedTask;
        }
    }

    sealed class ValidationException : Exception;

    sealed class OrderConsumer : IConsumer<SubmitOrder>
    {
        public Task Consume(ConsumeContext<SubmitOrder> context) =>
            throw context.Message.OrderId switch
            {
                1 => new InvalidOperationException("no"),
                2 => new TimeoutException("no"),
                _ => new ValidationException(),
            };
    }
}
