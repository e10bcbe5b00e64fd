using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>An iterable consumer goes on where it was, however its last run ended.</summary>
public sealed class IterableTests(ITestOutputHelper output)
{
    static readonly CancellationToken never = CancellationToken.None;
    static readonly TimeSpan second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Items_run_in_order_and_the_place_ends_with_the_job()
    {
        await using var redis = await RedisServer.Lease();
        var log = new WalkLog();
        await redis.SeedQueue(Walks.Queue, Walks.Job(4, "a1"));
        await redis.Db.HashSetAsync("it-a1", [new("ex", 2), new("c", "1"), new("rt", "7.5")]);

        await using var bus = await Walks.Start(redis, output, log);
        var items = await log.Items.Next(3);
        Assert.Equal([1, 2, 3], items);
        await Walks.Ended(redis);

        Assert.Equal(["1"], log.Begun.All);
        Assert.Empty(await Walks.State(redis, "a1"));
    }

    [Fact]
    public async Task Stop_interrupts_between_two_items_and_another_process_goes_on()
    {
        await using var redis = await RedisServer.Lease();
        // It pauses at each item, and not for a time.
        var log = new WalkLog { Each = (_, _) => redis.Db.PingAsync() };
        var (walk, later) = (Walks.Job(Walks.Long, "b1"), Walks.Job(0, "b2"));
        await redis.SeedQueue(Walks.Queue, walk, later);
        var first = await Walks.Start(redis, output, log);
        await log.Items.Next(3);
        await first.DisposeAsync().AsTask().InTime("the end of the first bus");

        Assert.Contains(
            first.Log,
            line => line.Contains("Job b1 (Walk) of queue walks was interrupted", StringComparison.Ordinal)
        );
        var next = log.Items.All.Count;
        Assert.Equal(Enumerable.Range(0, next), log.Items.All);
        Assert.Equal([walk, later], await redis.Queue(Walks.Queue));
        Assert.Empty(await redis.RetrySet());
        var state = await Walks.State(redis, "b1");
        Assert.Equal(("1", $"{next}"), (state["ex"], state["c"]));
        Assert.InRange(
            (await redis.Db.KeyTimeToLiveAsync("it-b1"))!.Value,
            TimeSpan.FromDays(29),
            TimeSpan.FromDays(30)
        );

        await using var second = await Walks.Start(redis, output, log);
        await redis.Until(_ => Task.FromResult(log.Items.All.Count > next + 3));
        Assert.Equal([null, $"{next}"], log.Begun.All.Take(2));
        Assert.Equal(next, log.Items.All[next]);
    }

    [Fact]
    public async Task Run_that_has_had_its_time_lets_others_through()
    {
        await using var redis = await RedisServer.Lease();
        var clock = new FakeClock();
        var log = new WalkLog { MaxRuntime = 3 * second, Each = Advance(clock) };
        await redis.SeedQueue(Walks.Queue, Walks.Job(7, "c1"), Walks.Job(2, "c2"));

        await using var bus = await Walks.Start(redis, output, log, clock: clock);

        var items = await log.Items.Next(9);
        Assert.Equal([0, 1, 2, 0, 1, 3, 4, 5, 6], items);
        await Walks.Ended(redis);
        Assert.Equal([null, null, "3", "6"], log.Begun.All);
        Assert.Empty(await Walks.State(redis, "c1"));
    }

    [Fact]
    public async Task Run_without_any_time_gets_on_by_one_item()
    {
        await using var redis = await RedisServer.Lease();
        var log = new WalkLog { MaxRuntime = TimeSpan.Zero };
        await redis.SeedQueue(Walks.Queue, Walks.Job(3, "c3"));

        await using var bus = await Walks.Start(redis, output, log);
        await log.Items.Next(3);
        await Walks.Ended(redis);

        Assert.Equal([0, 1, 2], log.Items.All);
        Assert.Equal([null, "1", "2"], log.Begun.All);
    }

    [Fact]
    public async Task Place_is_saved_every_five_seconds_with_the_progress()
    {
        await using var redis = await RedisServer.Lease();
        var (clock, saved) = (new FakeClock(), new List<string>());
        await redis.Db.StringSetAsync("mt:poison:d1", 2);
        await redis.Db.HashSetAsync("it-d1", [new("ex", 1), new("rt", "60.5")]);
        var log = new WalkLog
        {
            Each = async (context, item) =>
            {
                context.Progress(item, total: 12);
                var state = await Walks.State(redis, "d1");
                saved.Add($"{state.GetValueOrDefault("c")}/{state.GetValueOrDefault("mt.done")}");
                if (item == 11)
                {
                    Assert.Equal(
                        ("2", "70.5", "9", "12"),
                        (state["ex"], state["rt"], state["mt.done"], state["mt.total"])
                    );
                    Assert.False(await redis.Db.KeyExistsAsync("mt:poison:d1"), "A job that gets on is not poison.");
                }

                clock.Advance(second);
            },
        };
        await redis.SeedQueue(Walks.Queue, Walks.Job(12, "d1"));

        await using var bus = await Walks.Start(redis, output, log, clock: clock);
        await log.Items.Next(12);
        await Walks.Ended(redis);

        Assert.Equal(
            [.. Enumerable.Repeat("/", 5), .. Enumerable.Repeat("5/4", 5), .. Enumerable.Repeat("10/9", 2)],
            saved
        );
        Assert.Empty(await redis.RetrySet());
    }

    [Fact]
    public async Task Retry_goes_on_with_the_item_that_failed()
    {
        await using var redis = await RedisServer.Lease();
        var log = new WalkLog { Each = FailOnce(at: 3) };
        await using var bus = await Walks.Start(redis, output, log);
        await redis.SeedQueue(Walks.Queue, Walks.Job(5, "e1"));

        await redis.Until(async state => (await state.RetrySet()).Length == 1);
        var state = await Walks.State(redis, "e1");
        Assert.Equal(("1", "3"), (state["ex"], state["c"]));
        await redis.RetryNow();

        var items = await log.Items.Next(6);
        Assert.Equal([0, 1, 2, 3, 3, 4], items);
        await Walks.Ended(redis);
        Assert.Equal([null, "3"], log.Begun.All);
        Assert.Empty(await Walks.State(redis, "e1"));
    }

    [Fact]
    public async Task Retry_within_an_attempt_goes_on_with_the_item_that_failed()
    {
        await using var redis = await RedisServer.Lease();
        var log = new WalkLog { Each = FailOnce(at: 3) };
        await redis.SeedQueue(Walks.Queue, Walks.Job(5, "e2"));

        await using var bus = await Walks.Start(redis, output, log, (_, e) => e.UseMessageRetry(r => r.Immediate(1)));

        var items = await log.Items.Next(6);
        Assert.Equal([0, 1, 2, 3, 3, 4], items);
        await Walks.Ended(redis);
        Assert.Empty(await Walks.State(redis, "e2"));
        Assert.Empty(await redis.RetrySet());
    }

    [Fact]
    public async Task Cancelled_job_stops_between_two_items_and_leaves_nothing()
    {
        await using var redis = await RedisServer.Lease();
        var log = new WalkLog { Each = (_, _) => redis.Db.PingAsync() };
        await using var bus = await Walks.Start(redis, output, log);
        await redis.SeedQueue(Walks.Queue, Walks.Job(Walks.Long, "f1"));
        var inspector = bus.Services.GetRequiredService<ISidekiqInspector>();
        await redis.Until(async _ => (await inspector.Work(never)).Any(work => work.Job?.Jid == "f1"));

        await inspector.Cancel("f1", never);
        await Walks.Ended(redis);

        Assert.Empty(await Walks.State(redis, "f1"));
        Assert.Empty(await redis.RetrySet());
        Assert.Contains(
            bus.Log,
            line => line.Contains("Job f1 (Walk) of queue walks was cancelled", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Job_that_was_cancelled_before_it_began_runs_no_item()
    {
        await using var redis = await RedisServer.Lease();
        var log = new WalkLog();
        await redis.Db.HashSetAsync("it-f2", "cancelled", 1);
        await redis.SeedQueue(Walks.Queue, Walks.Job(3, "f2"), Walks.Job(1, "f3"));

        await using var bus = await Walks.Start(redis, output, log);
        await Walks.Ended(redis);

        Assert.Equal([0], log.Items.All);
        Assert.Empty(await Walks.State(redis, "f2"));
        Assert.Empty(await redis.RetrySet());
    }

    [Fact]
    public async Task Running_job_shows_how_far_it_is()
    {
        await using var redis = await RedisServer.Lease();
        var clock = new FakeClock();
        var log = new WalkLog
        {
            Each = async (context, item) =>
            {
                context.Progress(item, total: 1_000_000);
                await redis.Db.PingAsync();
                clock.Advance(second);
            },
        };
        await using var bus = await Walks.Start(redis, output, log, clock: clock);
        await redis.SeedQueue(Walks.Queue, Walks.Job(Walks.Long, "g1"));
        var inspector = bus.Services.GetRequiredService<ISidekiqInspector>();

        SidekiqIteration? iteration = null;
        await redis.Until(async _ =>
            (iteration = (await inspector.Work(never)).SingleOrDefault(work => work.Job?.Jid == "g1")?.Iteration)
                is not null
        );

        Assert.Equal((1L, 1_000_000L), (iteration!.Runs, iteration.Total));
        Assert.Equal(iteration.Cursor, $"{iteration.Done + 1}");
    }

    [Fact]
    public async Task Endpoint_with_an_outbox_or_a_second_iterable_consumer_is_refused_with_the_way_out()
    {
        await using var redis = await RedisServer.Lease();
        var log = new WalkLog();
        await redis.SeedQueue(Walks.Queue, Walks.Job(3, "h1"));
        await using (var bus = await Walks.Start(redis, output, log, (context, e) => e.UseInMemoryOutbox(context)))
        {
            await redis.Until(async state => (await state.RetrySet()).Length == 1);
            Assert.Contains(
                bus.Log,
                line => line.Contains("is on an endpoint with an outbox or inbox", StringComparison.Ordinal)
            );
        }

        await redis.Flush();
        await redis.SeedQueue(Walks.Queue, Walks.Job(3, "h2"));
        await using var both = await TestBus.Start(
            redis,
            output,
            x =>
            {
                x.AddSingleton(log);
                x.AddConsumer<Walker>().Endpoint(e => e.Name = Walks.Queue);
                x.AddConsumer<SecondWalker>().Endpoint(e => e.Name = Walks.Queue);
            }
        );
        await redis.Until(async state => (await state.RetrySet()).Length == 1);
        Assert.Contains(both.Log, line => line.Contains("Give each an endpoint of its own.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Progress_of_a_consumer_that_does_not_iterate_is_refused()
    {
        await using var redis = await RedisServer.Lease();
        var faults = new Seen<Exception>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                        e.Handler<SubmitOrder>(context =>
                        {
                            faults.Add(Assert.Throws<InvalidOperationException>(() => context.Progress(1)));
                            return Task.CompletedTask;
                        })
                )
        );

        await bus.Send("orders", new SubmitOrder(1));

        Assert.Contains("Implement IIterableConsumer", (await faults.Next()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_another_transport_it_runs_through()
    {
        var log = new WalkLog();
        await using var provider = new ServiceCollection()
            .AddSingleton(log)
            .AddMassTransitTestHarness(x => x.AddConsumer<Walker>())
            .BuildServiceProvider(validateScopes: true);
        var harness = provider.GetRequiredService<MassTransit.Testing.ITestHarness>();
        await harness.Start();

        await harness.Bus.Publish(new Walk(3), never);

        var items = await log.Items.Next(3);
        Assert.Equal([0, 1, 2], items);
    }

    static Func<ConsumeContext<Walk>, int, Task> Advance(FakeClock clock) =>
        (_, _) =>
        {
            clock.Advance(second);
            return Task.CompletedTask;
        };

    static Func<ConsumeContext<Walk>, int, Task> FailOnce(int at)
    {
        var hasFailed = false;
        return (_, item) =>
        {
            if (item == at && !hasFailed)
            {
                hasFailed = true;
                throw new InvalidOperationException($"Item {at} is in the way.");
            }

            return Task.CompletedTask;
        };
    }
}
