using Shop;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>.NET sends and publishes, real Ruby workers run it.</summary>
public sealed class ToRubyTests(ITestOutputHelper output)
{
    const string Customer = "\"Ünï 😀 \\\"quoted\\\"\\\\\\n\u2028</script>\"";

    [Fact]
    public async Task Sent_message_is_one_hash_to_a_Ruby_worker()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        await bus.Send("default", OrderSubmitted.Any);
        await using var worker = await RubySidekiq.Start(redis, "shop.rb");

        var run = Assert.Single(await redis.Ran(1));
        Assert.Equal("Shop::OrderSubmitted", run.Class);
        Assert.Equal(
            $$$"""[{"number":9223372036854775807,"total":12.5,"rate":1.0,"customer":{{{Customer}}},"note":null,"isPaid":true,"lines":[{"sku":"a-1","count":2},{"sku":"b/2","count":-3}],"labels":{"größe":"XL"}}]""",
            run.Args
        );
    }

    [Fact]
    public async Task Positional_message_is_the_parameters_of_perform_and_a_queue_of_its_contract_needs_no_subscription()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var order = Guid.NewGuid();

        await bus.Harness.Bus.Publish(new MakeInvoice(order, 99.95m, [new OrderLine("é", 1)], null));
        await using var worker = await RubySidekiq.Start(redis, "shop.rb", ["billing"]);

        var run = Assert.Single(await redis.Ran(1));
        Assert.Equal("Shop::MakeInvoice", run.Class);
        Assert.Equal($$"""["{{order}}",99.95,[{"sku":"é","count":1}],null,"EUR"]""", run.Args);
    }

    [Fact]
    public async Task ActiveJob_message_is_keywords_to_the_job_in_the_wrapper()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        await bus.Harness.Bus.Publish(new Report(2026, "pdf"));
        await using var worker = await RubySidekiq.Start(redis, "shop.rb");

        var run = Assert.Single(await redis.Ran(1));
        Assert.Equal("Shop::Report", run.Class);
        Assert.Equal("""[{"year":2026,"format":"pdf"}]""", run.Args);
    }

    [Fact]
    public async Task Published_message_reaches_Ruby_subscribers_and_a_NET_subscriber_once_each()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.HashSetAsync("mt:topic:Shop:OrderSubmitted", "audit", "Shop::Audit");
        await redis.Db.HashSetAsync("mt:topic:Shop:OrderSubmitted", "warehouse", "");
        var orders = new Inbox<OrderSubmitted>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("orders", e => e.Handler<OrderSubmitted>(orders.Receive))
        );

        await bus.Harness.Bus.Publish(OrderSubmitted.Any);
        await using var worker = await RubySidekiq.Start(redis, "shop.rb", ["audit", "warehouse"]);

        var runs = await redis.Ran(2);
        Assert.Equal(
            ["Shop::Audit", "Shop::OrderSubmitted"],
            runs.Select(run => run.Class).Order(StringComparer.Ordinal)
        );
        Assert.All(runs, run => Assert.Contains(Customer, run.Args, StringComparison.Ordinal));
        var received = await orders.Next();
        Assert.Equal(OrderSubmitted.Any.Customer, received.Message.Customer);
        Assert.Equal(3, runs.Select(run => run.Jid).Append(received.GetJob().Jid).Distinct().Count());
    }

    [Fact]
    public async Task Scheduled_message_is_brought_to_its_queue_by_Rubys_poller()
    {
        await using var redis = await RedisServer.Lease();
        // It only sends, so it does not poll.
        await using var bus = await TestBus.Start(redis, output);
        await bus.SendLater("default", OrderSubmitted.Any, TimeSpan.FromMilliseconds(500));
        var scheduled = Assert.Single(await redis.ScheduledSet());

        await using var worker = await RubySidekiq.Start(redis, "shop.rb");

        var run = Assert.Single(await redis.Ran(1));
        Assert.Contains(run.Jid, scheduled.Job, StringComparison.Ordinal);
        Assert.Empty(await redis.ScheduledSet());
    }
}

static class SendLaterExtensions
{
    public static async Task SendLater<T>(this TestBus bus, string queue, T message, TimeSpan delay)
        where T : class
    {
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri($"queue:{queue}"));
        await endpoint.Send(message, context => context.Delay = delay);
    }
}
