using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

public sealed class QueueTests(ITestOutputHelper output)
{
    [Fact]
    public async Task No_more_consumers_run_at_once_than_the_limit_allows()
    {
        await using var redis = await RedisServer.Lease();
        var (running, most) = (0, 0);
        var done = new Seen<SubmitOrder>();
        var full = new TaskCompletionSource();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 3;
                        e.Handler<SubmitOrder>(async context =>
                        {
                            var now = Interlocked.Increment(ref running);
                            InterlockedMax(ref most, now);
                            if (now == 3)
                            {
                                full.TrySetResult();
                            }

                            // Each of the first waits for the others, so that three do run at once.
                            await full.Task;
                            Interlocked.Decrement(ref running);
                            done.Add(context.Message);
                        });
                    }
                )
        );

        await Task.WhenAll(Enumerable.Range(0, 50).Select(id => bus.Send("orders", new SubmitOrder(id))));
        await done.Next(50);

        Assert.Equal(3, most);
    }

    [Fact]
    public async Task One_worker_takes_the_jobs_in_the_order_they_were_sent()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
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

        for (var id = 0; id < 200; id++)
        {
            await bus.Send("orders", new SubmitOrder(id));
        }

        Assert.Equal(Enumerable.Range(0, 200), (await seen.Next(200)).Select(order => order.OrderId));
    }

    [Fact]
    public async Task Strict_queues_are_emptied_one_after_the_other()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        await Seed(redis, "low", 100);
        await Seed(redis, "high", 0);
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "both",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.Queues(queues => queues.Strict("high").Strict("low"));
                        e.Note(seen);
                    }
                )
        );

        var orders = (await seen.Next(40)).Select(order => order.OrderId);

        Assert.Equal([.. Enumerable.Range(0, 20), .. Enumerable.Range(100, 20)], orders);
    }

    [Fact]
    public async Task Weighted_queue_is_served_before_the_heavier_one_is_empty()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        await Seed(redis, "heavy", 0, 200);
        await Seed(redis, "light", 1000, 200);
        await using var bus = await TestBus.Start(
            redis,
            output,
            // Jobs that take no time are never found to be fast, so that one claim is one job.
            x => x.AddSingleton<TimeProvider>(new FakeClock()),
            (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "both",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.Queues(queues => queues.Weighted("heavy", 3).Weighted("light", 1));
                        e.Note(seen);
                    }
                )
        );

        var orders = (await seen.Next(400)).Select(order => order.OrderId).ToArray();

        Assert.Equal(Enumerable.Range(0, 200), orders.Where(id => id < 1000));
        Assert.Equal(Enumerable.Range(1000, 200), orders.Where(id => id >= 1000));
        Assert.True(
            Array.IndexOf(orders, 1000) < Array.IndexOf(orders, 199),
            "the light queue waited until the heavy one was empty"
        );
    }

    [Fact]
    public async Task Paused_queue_is_left_alone_until_it_is_unpaused()
    {
        await using var redis = await RedisServer.Lease();
        var (paused, open) = (new Seen<SubmitOrder>(), new Seen<Price>());
        await redis.Db.SetAddAsync("paused", "slow");
        await Seed(redis, "slow", 0, 3);
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "both",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.Queues(queues => queues.Strict("slow").Strict("fast"));
                        e.Note(paused);
                        e.Note(open);
                    }
                )
        );

        await bus.Send("fast", new Price(1, 1m));
        await open.Next();
        Assert.Equal(3, (await redis.Queue("slow")).Length);
        Assert.Empty(paused.All);
        await redis.Db.SetRemoveAsync("paused", "slow");

        Assert.Equal([0, 1, 2], (await paused.Next(3)).Select(order => order.OrderId));
    }

    [Fact]
    public async Task Job_that_ran_when_its_bus_stopped_goes_back_to_the_head_of_its_queue()
    {
        await using var redis = await RedisServer.Lease();
        var started = new Seen<SubmitOrder>();
        await Seed(redis, "orders", 0, 3);
        var before = await redis.Queue("orders");
        await using (
            await TestBus.Start(
                redis,
                output,
                x =>
                    x.Configure<MassTransitHostOptions>(options =>
                        options.ConsumerStopTimeout = TimeSpan.FromMilliseconds(50)
                    ),
                (_, cfg) =>
                    cfg.ReceiveEndpoint(
                        "orders",
                        e =>
                        {
                            e.ConcurrentMessageLimit = 1;
                            e.Handler<SubmitOrder>(async context =>
                            {
                                started.Add(context.Message);
                                await new TaskCompletionSource().Task.WaitAsync(context.CancellationToken);
                            });
                        }
                    )
            )
        )
        {
            await started.Next();
        }

        Assert.Equal(before, await redis.Queue("orders"));
        Assert.Empty(await redis.RetrySet());
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("mt:working", StringComparison.Ordinal));
    }

    static void InterlockedMax(ref int most, int now)
    {
        int before;
        while ((before = Volatile.Read(ref most)) < now && Interlocked.CompareExchange(ref most, now, before) != before)
        { }
    }

    static Task Seed(RedisDatabase redis, string queue, int first, int count = 20) =>
        redis.SeedQueue(
            queue,
            [
                .. Enumerable
                    .Range(first, count)
                    .Select(id =>
                        $$"""{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":{{id}}}],"retry":true,"queue":"{{queue}}","jid":"{{id:x24}}","created_at":{{TestClock.Pushed}}}"""
                    ),
            ]
        );
}
