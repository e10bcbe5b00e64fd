namespace MassTransit.Sidekiq.Tests;

public sealed class BatchTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Batch_is_full_or_its_time_is_over()
    {
        await using var redis = await RedisServer.Lease();
        var (full, timed) = (new Seen<int[]>(), new Seen<int[]>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint("full", e => Configure(e, TimeSpan.FromMinutes(1), full));
                cfg.ReceiveEndpoint("timed", e => Configure(e, TimeSpan.FromSeconds(1), timed));
            }
        );

        await Task.WhenAll(Enumerable.Range(0, 5).Select(id => bus.Send("full", new SubmitOrder(id))));
        await Task.WhenAll(Enumerable.Range(5, 2).Select(id => bus.Send("timed", new SubmitOrder(id))));

        Assert.Equal(Enumerable.Range(0, 5), (await full.Next()).Order());
        var rest = new List<int>();
        while (rest.Count < 2)
        {
            // Both at once, unless the second took longer than the time.
            rest.AddRange(await timed.Next());
        }

        Assert.Equal([5, 6], rest.Order());
        await redis.Until(async db => !(await db.Keys()).Any(key => key.Contains("working", StringComparison.Ordinal)));

        static void Configure(IReceiveEndpointConfigurator endpoint, TimeSpan limit, Seen<int[]> seen) =>
            endpoint.Batch<SubmitOrder>(batch =>
            {
                batch.MessageLimit = 5;
                batch.TimeLimit = limit;
                batch.Consumer(() => new BatchConsumer(seen));
            });
    }

    [Fact]
    public async Task Batch_larger_than_the_default_concurrency_is_filled()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<int[]>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x =>
            {
                x.AddConsumer<BatchConsumer>(consumer =>
                    consumer.Options<BatchOptions>(batch =>
                        batch.SetMessageLimit(60).SetTimeLimit(TimeSpan.FromMinutes(1)).SetConcurrencyLimit(2)
                    )
                );
                Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton(x, seen);
            }
        );

        await bus.Harness.Bus.PublishBatch(Enumerable.Range(0, 120).Select(id => new SubmitOrder(id)));

        Assert.Equal([60, 60], (await seen.Next(2)).Select(batch => batch.Length));
    }

    [Fact]
    public async Task Each_message_of_a_failed_batch_fails()
    {
        await using var redis = await RedisServer.Lease();
        var faults = new Seen<Fault<SubmitOrder>>();
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
                        e.Batch<SubmitOrder>(batch =>
                        {
                            batch.MessageLimit = 3;
                            batch.TimeLimit = TimeSpan.FromMinutes(1);
                            batch.Consumer(() => new FailingConsumer());
                        });
                    }
                );
                cfg.ReceiveEndpoint("faults", e => e.Note(faults));
            }
        );

        await bus.Harness.Bus.PublishBatch(Enumerable.Range(0, 3).Select(id => new SubmitOrder(id)));

        Assert.Equal([0, 1, 2], (await faults.Next(3)).Select(fault => fault.Message.OrderId).Order());
        await redis.Until(async db => (await db.DeadSet()).Length == 3);
    }

    public sealed class BatchConsumer(Seen<int[]> seen) : IConsumer<Batch<SubmitOrder>>
    {
        public Task Consume(ConsumeContext<Batch<SubmitOrder>> context)
        {
            seen.Add([.. context.Message.Select(order => order.Message.OrderId)]);
            return Task.CompletedTask;
        }
    }

    sealed class FailingConsumer : IConsumer<Batch<SubmitOrder>>
    {
        public Task Consume(ConsumeContext<Batch<SubmitOrder>> context) => throw new InvalidOperationException("batch");
    }
}
