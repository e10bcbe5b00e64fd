using Microsoft.Extensions.DependencyInjection;
using Shop;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>A real bus with a real Sidekiq that has the gem of this repository. Its ledger is in the tests of the outbox.</summary>
public sealed class GemTests(ITestOutputHelper output)
{
    const string Setup = """
        require "sidekiq-masstransit"
        Redis.silence_deprecations = true
        Sidekiq::MassTransit.configure
        """;

    [Fact]
    public async Task Message_that_Ruby_publishes_reaches_each_consumer_in_NET_as_one_of_NET_would()
    {
        await using var redis = await RedisServer.Lease();
        var (own, general) = (new Inbox<ParcelSent>(), new Inbox<IParcelEvent>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint("parcels", e => e.Handler<ParcelSent>(own.Receive));
                cfg.ReceiveEndpoint("audit", e => e.Handler<IParcelEvent>(general.Receive));
            }
        );
        // With it .NET says what the type implements.
        await bus.Harness.Bus.Publish(new ParcelSent(1, "first"));
        await own.Next();
        await general.Next();

        var (id, correlation) = (NewId.NextGuid(), NewId.NextGuid());
        var copies = await Ruby.Run(
            $$"""
            {{Setup}}
            puts Sidekiq::MassTransit.publish("Shop:ParcelSent", {number: 7, text: "Grüße"},
              id: "{{id}}", correlation_id: "{{correlation}}", headers: {"tenant" => "acmé"})
            """,
            Ruby.WithGem(redis)
        );

        Assert.Equal("2", copies);
        var received = await own.Next();
        Assert.Equal(new ParcelSent(7, "Grüße"), received.Message);
        Assert.Equal((id, correlation), (received.MessageId, received.CorrelationId));
        Assert.NotNull(received.ConversationId);
        Assert.Equal("acmé", received.Headers.Get<string>("tenant"));
        Assert.Equal(["urn:message:Shop:ParcelSent", "urn:message:Shop:IParcelEvent"], received.SupportedMessageTypes);
        Assert.Equal(JobId.From(id, "parcels", "Shop::ParcelSent"), received.GetJob().Jid);
        var seen = await general.Next();
        Assert.Equal((7, id), (seen.Message.Number, seen.MessageId));
    }

    [Fact]
    public async Task Worker_that_subscribes_runs_what_NET_publishes_and_publishes_in_turn()
    {
        await using var redis = await RedisServer.Lease();
        var inbox = new Inbox<OrderPaid>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("paid", e => e.Handler<OrderPaid>(inbox.Receive))
        );
        await using var worker = await Start(redis, "books");

        var conversation = NewId.NextGuid();
        await bus.Harness.Bus.Publish(
            OrderSubmitted.Any with
            {
                Number = 7,
            },
            context => context.ConversationId = conversation
        );

        var received = await inbox.Next();
        Assert.Equal((new OrderPaid(7, "the book"), conversation), (received.Message, received.ConversationId));
    }

    [Fact]
    public async Task Client_in_NET_gets_the_response_of_Ruby_and_its_errors()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        await using var worker = await Start(redis, "payments");
        var client = bus.Harness.Bus.CreateRequestClient<AcceptPayment>(new Uri("queue:payments"));

        var response = await client.GetResponse<PaymentAccepted>(new AcceptPayment(7, 1)).InTime();
        var refused = await Fault(new AcceptPayment(8, 0));
        var died = await Fault(new AcceptPayment(9, 2));

        Assert.Equal(new PaymentAccepted(7, "Zoë"), response.Message);
        Assert.Equal(("ArgumentError", "There is nothing to pay"), refused);
        Assert.Equal(("RangeError", "Too much"), died);

        async Task<(string, string)> Fault(AcceptPayment payment)
        {
            var fault = await Assert.ThrowsAsync<RequestFaultException>(() =>
                client.GetResponse<PaymentAccepted>(payment).InTime()
            );
            Assert.Equal(payment, ((Fault<AcceptPayment>)fault.Fault!).Message);
            return (fault.Fault!.Exceptions[0].ExceptionType, fault.Fault.Exceptions[0].Message);
        }
    }

    [Fact]
    public async Task Lock_of_a_job_that_Ruby_has_run_is_released()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        Assert.Null(await Send(bus, new SyncOrder(7, 0.1m, "Zoë")));
        Assert.NotNull(await Send(bus, new SyncOrder(7, 0.1m, "Zoë")));

        await using var worker = await Start(redis, "sync");
        await redis.Ran(1);
        await redis.Until(async state =>
            !(await state.Keys()).Any(key => key.StartsWith("sidekiq:unique:", StringComparison.Ordinal))
        );

        Assert.Null(await Send(bus, new SyncOrder(7, 0.1m, "Zoë")));
        Assert.Equal(2, (await redis.Ran(2)).Length);
    }

    [Fact]
    public async Task Equal_jobs_of_Ruby_and_NET_keep_each_other_out()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        Assert.Null(await Send(bus, new SyncOrder(7, 12.50m, "Zoë \u2028 </b> 😀")));

        // The same job, pushed by Ruby; then another one, sent by .NET.
        var printed = await Ruby.Run(
            $$"""
            {{Setup}}
            job = Sidekiq.load_json(Sidekiq.redis { |redis| redis.lindex("queue:sync", 0) })
            push = ->(args) { Sidekiq::Client.push("class" => "Shop::SyncOrder", "queue" => "sync", "args" => args, "unique_for" => 600) }
            p push.(job["args"])
            puts push.([{"text" => "other", "rate" => 0.1, "number" => 8}])
            """,
            Ruby.WithGem(redis)
        );

        var lines = printed.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("nil", lines[0]);
        Assert.Equal(lines[1], (await Send(bus, new SyncOrder(8, 0.1m, "other")))!.Jid);
    }

    [Fact]
    public async Task Batch_hears_of_its_jobs_that_Ruby_runs()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        await using var scope = bus.Services.CreateAsyncScope();
        var told = new Uri("queue:told");
        await scope
            .ServiceProvider.GetRequiredService<ISidekiqBatches>()
            .Start(
                batch =>
                {
                    batch.OnComplete(told, new OrderPaid(1, "complete"));
                    batch.OnSuccess(told, new OrderPaid(2, "success"));
                },
                async batch =>
                {
                    await batch.Send(new Uri("queue:sync"), new SyncOrder(1, 1, ""));
                    await batch.Send(new Uri("queue:sync"), new SyncOrder(2, 1, ""));
                },
                TestContext.Current.CancellationToken
            );

        await using var worker = await Start(redis, "sync");

        await redis.Until(async state => (await state.Queue("told")).Length == 2);
        Assert.Equal(2, (await redis.Ran(2)).Length);
    }

    [Fact]
    public async Task Limit_holds_for_both_languages_and_wakes_the_one_that_waits()
    {
        await using var redis = await RedisServer.Lease();
        var (started, end) = (new Inbox<OrderPaid>(), new TaskCompletionSource());
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "paid",
                    e =>
                    {
                        e.UseSidekiqLimit(limits => limits.Concurrent("sync", 1).By<OrderPaid>(_ => "same"));
                        e.Handler<OrderPaid>(async context =>
                        {
                            await started.Receive(context);
                            await end.Task;
                        });
                    }
                )
        );
        await bus.Send("paid", new OrderPaid(1, ""));
        await started.Next();

        await using var worker = await Start(redis, "sync");
        await bus.Send("sync", new SyncOrder(99, 1, ""));
        await redis.Until(async state => (await state.ScheduledSet()).Length == 1);
        var denied = Assert.Single(await redis.ScheduledSet()).Job;
        Assert.Contains("\"limited\":1", denied, StringComparison.Ordinal);
        Assert.DoesNotContain("retry_count", denied, StringComparison.Ordinal);

        end.SetResult();
        Assert.Single(await redis.Ran(1));
    }

    static Task<RubySidekiq> Start(RedisDatabase redis, string queue) =>
        RubySidekiq.Start(redis, "gem.rb", [queue], environment: Ruby.WithGem(redis));

    static async Task<JobConflict?> Send(TestBus bus, SyncOrder order)
    {
        SendContext? context = null;
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:sync"));
        await endpoint.Send(
            order,
            x =>
            {
                context = x;
                x.Job(job => job.UniqueFor = TimeSpan.FromMinutes(10));
            },
            TestContext.Current.CancellationToken
        );

        return context!.TryGetPayload<JobConflict>(out var conflict) ? conflict : null;
    }
}
