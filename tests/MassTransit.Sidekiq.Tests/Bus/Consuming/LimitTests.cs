using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>Jobs that limits deny wait in the scheduled set, without an attempt.</summary>
public sealed class LimitTests(ITestOutputHelper output)
{
    static readonly CancellationToken never = CancellationToken.None;

    [Fact]
    public async Task No_more_jobs_run_at_once_in_two_processes_than_there_are_slots_and_all_run()
    {
        const int Jobs = 40;
        await using var redis = await RedisServer.Lease();
        var gate = new SemaphoreSlim(0);
        var (started, ended) = (new Seen<int>(), new Seen<int>());
        var (running, most) = (0, 0);
        await using var first = await Worker();
        await using var second = await Worker();
        await redis.SeedQueue("orders", [.. Enumerable.Range(1, Jobs).Select(number => Job(number))]);

        await started.Next(3);
        await redis.Until(async state => await state.Db.SortedSetLengthAsync("mt:limit-waiting:api") == Jobs - 3);
        gate.Release(Jobs);

        Assert.Equal(Enumerable.Range(1, Jobs), (await ended.Next(Jobs)).Order());
        Assert.Equal(3, most);
        await redis.Until(async state => await state.Db.SortedSetLengthAsync("mt:limit:api") == 0);
        Assert.Empty(await redis.RetrySet());
        Assert.DoesNotContain(first.Log.Concat(second.Log), IsAlarming);
        Assert.Contains(first.Log.Concat(second.Log), line => Regex.IsMatch(line, "for limit 'api'"));

        Task<TestBus> Worker() =>
            TestBus.Start(
                redis,
                output,
                configure: (_, cfg) =>
                    cfg.ReceiveEndpoint(
                        "orders",
                        e =>
                        {
                            e.UseSidekiqLimit(limits => limits.Concurrent("api", 3));
                            e.Handler<SubmitOrder>(async context =>
                            {
                                var now = Interlocked.Increment(ref running);
                                lock (gate)
                                {
                                    most = Math.Max(most, now);
                                }

                                started.Add(context.Message.OrderId);
                                await gate.WaitAsync(context.CancellationToken);
                                Interlocked.Decrement(ref running);
                                ended.Add(context.Message.OrderId);
                            });
                        }
                    )
            );
    }

    [Fact]
    public async Task Denied_job_is_not_tried_and_says_how_often_it_was_denied()
    {
        await using var redis = await RedisServer.Lease();
        await Occupy(redis, "api", 1);
        var outcomes = new Seen<string>();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, on) =>
        {
            if (instrument.Name == "sidekiq.jobs.settled")
            {
                on.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>(
            (_, _, tags, _) =>
            {
                var seen = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value as string);
                if (seen["messaging.destination.name"] == "denied")
                {
                    outcomes.Add(seen["sidekiq.outcome"]!);
                }
            }
        );
        listener.Start();
        var seen = new Seen<SubmitOrder>();
        await using var bus = await Limited(redis, seen, limits => limits.Concurrent("api", 1), "denied");
        // As Ruby pushes it.
        await redis.SeedQueue("denied", Job(1, "denied", ",\"custom\":1"));
        Assert.Equal("limited", await outcomes.Next());

        var waiting = JsonElement.Parse(Assert.Single(await redis.ScheduledSet()).Job);
        Assert.Equal(1, waiting.GetProperty("mt").GetProperty("limited").GetInt32());
        Assert.False(waiting.TryGetProperty("retry_count", out _));
        Assert.Equal(1, waiting.GetProperty("custom").GetInt32());
        var limit = Assert.Single(await Inspector(bus).Limits(never));
        Assert.Equal(("api", SidekiqLimitKind.Concurrent, 1), (limit.Name, limit.Kind, limit.Most));
        Assert.Equal((1, 1), (limit.Uses[0].Used, limit.Uses[0].Waiting));

        // Whoever has the slot gives it back.
        await redis.Db.KeyDeleteAsync("mt:limit:api");
        await Due(redis);
        Assert.Equal(1, (await seen.Next()).OrderId);
        Assert.Equal("acknowledged", await outcomes.Next());
        Assert.Equal("0", (string?)await redis.Db.StringGetAsync("stat:failed") ?? "0");
    }

    [Fact]
    public async Task Job_that_is_denied_too_often_fails_as_a_job_does()
    {
        await using var redis = await RedisServer.Lease();
        await Occupy(redis, "api", 1);
        await using var bus = await Limited(
            redis,
            new Seen<SubmitOrder>(),
            limits =>
            {
                limits.Concurrent("api", 1);
                limits.MaxReschedules = 1;
            }
        );
        await redis.SeedQueue("orders", Job(1));
        await redis.Until(async state => (await state.ScheduledSet()).Length == 1);
        await Due(redis);

        var failed = JsonElement.Parse((await redis.Retried()).Job);

        Assert.Equal("MassTransit.SidekiqLimitException", failed.GetProperty("error_class").GetString());
        Assert.StartsWith(
            "The job was denied 2 times by 'api'.",
            failed.GetProperty("error_message").GetString(),
            StringComparison.Ordinal
        );
        Assert.Equal(0, failed.GetProperty("retry_count").GetInt32());
    }

    [Fact]
    public async Task Each_tenant_has_a_limit_of_its_own_and_who_has_no_key_has_none()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        await using var bus = await Limited(
            redis,
            seen,
            limits =>
                limits
                    .Window("api", 2, TimeSpan.FromHours(1))
                    .By<SubmitOrder>(m => m.OrderId >= 1000 ? null : m.OrderId / 10)
        );

        int[] orders = [11, 12, 13, 21, 22, 23, 1000, 1001, 1002];
        await redis.SeedQueue("orders", [.. orders.Select(order => Job(order))]);

        Assert.Equal(
            [(1, 2), (2, 2), (100, 3)],
            (await seen.Next(7))
                .CountBy(order => order.OrderId / 10)
                .Select(tenant => (tenant.Key, tenant.Value))
                .Order()
        );
        await redis.Until(async state => (await state.ScheduledSet()).Length == 2);
        var limit = Assert.Single(await Inspector(bus).Limits(never));
        Assert.Equal(2, limit.Keys);
        Assert.Equal(
            [("1", 2L, 1L), ("2", 2L, 1L)],
            limit.Uses.Select(use => (use.Key!, use.Used, use.Waiting)).Order()
        );
    }

    [Fact]
    public async Task Limit_of_a_consumer_applies_to_its_jobs_and_not_to_others_of_the_endpoint()
    {
        await using var redis = await RedisServer.Lease();
        await Occupy(redis, "orders-api", 1);
        var (orders, paid) = (new Seen<SubmitOrder>(), new Seen<Paid>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            register: x =>
            {
                x.AddSingleton(orders);
                x.AddConsumer<OrderConsumer, OrderConsumerDefinition>();
            },
            configure: (context, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.ConfigureConsumer<OrderConsumer>(context);
                        e.Note(paid);
                    }
                )
        );

        await bus.Send("orders", new SubmitOrder(1));
        await bus.Send("orders", new Paid(2));

        Assert.Equal(2, (await paid.Next()).OrderId);
        await redis.Until(async state => (await state.ScheduledSet()).Length == 1);
        Assert.Empty(orders.All);

        await redis.Db.KeyDeleteAsync("mt:limit:orders-api");
        await Due(redis);
        Assert.Equal(1, (await orders.Next()).OrderId);
    }

    [Theory]
    [InlineData("success")]
    [InlineData("start")]
    public async Task Unique_job_keeps_its_lock_while_it_waits_for_a_limit(string until)
    {
        await using var redis = await RedisServer.Lease();
        await Occupy(redis, "api", 1);
        var seen = new Seen<SubmitOrder>();
        await using var bus = await Limited(redis, seen, limits => limits.Concurrent("api", 1));
        var key = "sidekiq:unique:orders:SubmitOrder:d";
        await redis.Db.StringSetAsync(key, $"{1:x24}", TimeSpan.FromSeconds(60));

        await redis.SeedQueue(
            "orders",
            Job(1, "orders", $",\"unique_for\":600,\"unique_until\":\"{until}\",\"unique_digest\":\"d\"", "SubmitOrder")
        );
        await redis.Until(async state => (await state.ScheduledSet()).Length == 1);

        Assert.Equal($"{1:x24}", await redis.Db.StringGetAsync(key));
        Assert.InRange(
            (await redis.Db.KeyTimeToLiveAsync(key))!.Value,
            TimeSpan.FromMinutes(9),
            TimeSpan.FromMinutes(11)
        );

        await redis.Db.KeyDeleteAsync("mt:limit:api");
        await Due(redis);
        await seen.Next();
        await redis.Until(async state => !await state.Db.KeyExistsAsync(key));
    }

    [Fact]
    public async Task Failed_job_gives_its_slot_back_and_asks_again_when_it_is_retried()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<int>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.UseSidekiqLimit(limits =>
                        {
                            limits.Concurrent("api", 1);
                            limits.Window("rate", 1, TimeSpan.FromHours(1));
                        });
                        e.Handler<SubmitOrder>(context =>
                        {
                            seen.Add(context.Message.OrderId);
                            throw new InvalidOperationException("in the middle of it");
                        });
                    }
                )
        );
        await redis.SeedQueue("orders", Job(1));
        await redis.Retried();
        await seen.Next();
        await redis.Until(async state => !await state.Db.KeyExistsAsync("mt:limit:api"));

        await redis.RetryNow();
        await redis.Until(async state => (await state.ScheduledSet()).Length == 1);

        var waiting = JsonElement.Parse((await redis.ScheduledSet())[0].Job);
        Assert.Equal(0, waiting.GetProperty("retry_count").GetInt32());
        Assert.Equal(1, waiting.GetProperty("mt").GetProperty("limited").GetInt32());
        Assert.False(await redis.Db.KeyExistsAsync("mt:limit:api"));
        Assert.Single(seen.All);
    }

    [Fact]
    public async Task Endpoint_without_limits_leaves_no_trace_of_any()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("orders", e => e.Note(seen))
        );
        await redis.SeedQueue("orders", Job(1));
        await seen.Next();

        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("mt:limit", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Redefined_limit_is_told_of_and_applies_to_the_process_that_was_there_before()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        await using var old = await Limited(redis, seen, limits => limits.Window("api", 5, TimeSpan.FromHours(1)));
        await redis.Until(state => state.Db.KeyExistsAsync("mt:limits"));

        await using var other = await Limited(
            redis,
            new Seen<SubmitOrder>(),
            limits => limits.Window("api", 1, TimeSpan.FromHours(1)),
            "elsewhere"
        );

        await redis.Until(_ =>
            Task.FromResult(
                other.Log.Any(line =>
                    line.Contains("Limit api is 1 in any 01:00:00 from now on", StringComparison.Ordinal)
                )
            )
        );
        await redis.SeedQueue("orders", Job(1), Job(2));
        await redis.Until(async state => (await state.ScheduledSet()).Length == 1);
        await seen.Next();
        Assert.Single(seen.All);
    }

    Task<TestBus> Limited(
        RedisDatabase redis,
        Seen<SubmitOrder> seen,
        Action<ISidekiqLimitsConfigurator> limits,
        string queue = "orders"
    ) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Job<SubmitOrder>(job => job.Alias("SubmitOrder"));
                cfg.ReceiveEndpoint(
                    queue,
                    e =>
                    {
                        e.UseSidekiqLimit(limits);
                        e.Note(seen);
                    }
                );
            }
        );

    // Another process holds all slots.
    static async Task Occupy(RedisDatabase redis, string limit, int slots)
    {
        for (var slot = 0; slot < slots; slot++)
        {
            await redis.Db.SortedSetAddAsync($"mt:limit:{limit}", $"other:{slot}", double.PositiveInfinity);
        }
    }

    // Makes what is scheduled due, as if its time had passed.
    static async Task Due(RedisDatabase redis)
    {
        foreach (var entry in await redis.ScheduledSet())
        {
            await redis.Db.SortedSetAddAsync("schedule", entry.Job, 1);
        }
    }

    // Other tests have queues in other databases, and keep the machine busy.
    static bool IsAlarming(string line) =>
        Regex.IsMatch(line, "^(Warning|Error):(?!.*(holds no queues|pool starvation))");

    static ISidekiqInspector Inspector(TestBus bus) => bus.Services.GetRequiredService<ISidekiqInspector>();

    static string Job(
        int order,
        string queue = "orders",
        string more = "",
        string jobClass = "MassTransit::Sidekiq::Tests::SubmitOrder"
    ) =>
        $$"""{"class":"{{jobClass}}","args":[{"orderId":{{order}}}],"queue":"{{queue}}","jid":"{{order:x24}}","retry":true{{more}}}""";

    public sealed record Paid(int OrderId);

    sealed class OrderConsumer(Seen<SubmitOrder> seen) : IConsumer<SubmitOrder>
    {
        public Task Consume(ConsumeContext<SubmitOrder> context)
        {
            seen.Add(context.Message);
            return Task.CompletedTask;
        }
    }

    sealed class OrderConsumerDefinition : ConsumerDefinition<OrderConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator,
            IConsumerConfigurator<OrderConsumer> consumerConfigurator,
            IRegistrationContext context
        ) => consumerConfigurator.UseSidekiqLimit(limits => limits.Concurrent("orders-api", 1));
    }
}
