using System.Globalization;
using MassTransit.Logging;
using Shop;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>Ruby enqueues, .NET consumes.</summary>
public sealed class FromRubyTests(ITestOutputHelper output)
{
    const string OrderPaid =
        "Class.new { include Sidekiq::Worker; sidekiq_options queue: 'paid'; def self.to_s = 'Shop::OrderPaid' }";

    Task<TestBus> Consume<T>(RedisDatabase redis, string queue, Inbox<T> inbox)
        where T : class =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint(queue, e => e.Handler<T>(inbox.Receive))
        );

    [Fact]
    public async Task Perform_async_with_a_hash_is_a_message()
    {
        await using var redis = await RedisServer.Lease();
        var inbox = new Inbox<OrderPaid>();
        await using var bus = await Consume(redis, "paid", inbox);

        var jid = await Ruby.Eval(redis, $"{OrderPaid}.perform_async({{'orderId' => 42, 'by' => 'Zoë 😀'}})");

        var received = await inbox.Next();
        Assert.Equal(new OrderPaid(42, "Zoë 😀"), received.Message);
        var job = received.GetJob();
        Assert.Equal(jid.GetString(), job.Jid);
        Assert.Equal(("Shop::OrderPaid", "paid"), (job.Class, job.Queue));
        Assert.True(job.Retry == SidekiqRetry.Default);
        Assert.Null(job.RetryCount);
        Assert.InRange(job.EnqueuedAt!.Value - job.CreatedAt!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.InRange(DateTimeOffset.UtcNow - job.CreatedAt!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.NotNull(received.MessageId);
        Assert.Empty(job.UnknownFields);
    }

    [Fact]
    public async Task Job_that_Ruby_lets_expire_is_dropped_and_one_that_has_time_left_is_consumed()
    {
        await using var redis = await RedisServer.Lease();
        var inbox = new Inbox<OrderPaid>();

        await Ruby.Eval(redis, $"{OrderPaid}.set(expires_in: 0.001).perform_async({{'orderId' => 1}})");
        await Ruby.Eval(redis, $"{OrderPaid}.set(expires_in: 3600).perform_async({{'orderId' => 2}})");
        await using var bus = await Consume(redis, "paid", inbox);

        Assert.Equal(2, (await inbox.Next()).Message.OrderId);
        await redis.Until(async state => (await state.Queue("paid")).Length == 0);
        Assert.Empty(await redis.DeadSet());
    }

    [Fact]
    public async Task Client_push_with_positional_arguments_tags_and_keys_of_its_own_is_a_message()
    {
        await using var redis = await RedisServer.Lease();
        var inbox = new Inbox<MakeInvoice>();
        await using var bus = await Consume(redis, "billing", inbox);

        await Ruby.Eval(
            redis,
            """
            Sidekiq::Client.push('class' => 'Shop::MakeInvoice', 'queue' => 'billing', 'retry' => 7, 'tags' => ['a', 'é'],
              'cattr' => {'user' => 1}, 'args' => ['a2f3f0e6-6a7b-4a3d-9c58-3c9d6a6f7e11', 1e2, [{sku: 'x', count: 2}], nil])
            """
        );

        var received = await inbox.Next();
        Assert.Equal(100m, received.Message.Total);
        Assert.Equal(new OrderLine("x", 2), Assert.Single(received.Message.Lines));
        Assert.Equal((null, "EUR"), (received.Message.Note, received.Message.Currency));
        var job = received.GetJob();
        Assert.Equal(["a", "é"], job.Tags);
        Assert.True(job.Retry == SidekiqRetry.Times(7));
        Assert.Equal("""{"user":1}""", Assert.Single(job.UnknownFields).Value.GetRawText());
    }

    [Fact]
    public async Task Times_and_numbers_are_read_in_each_form_that_Ruby_gives_them()
    {
        await using var redis = await RedisServer.Lease();
        var inbox = new Inbox<Meeting>();
        await using var bus = await Consume(redis, "meetings", inbox);

        var now = await Ruby.Eval(
            redis,
            """
            now = Time.at(Time.now.to_i)
            [now.to_s, now.utc.to_s, now.to_i, now.to_f, now.utc.strftime("%FT%TZ"), (now.to_f * 1000).to_i].each do |at|
              Sidekiq::Client.push('class' => 'Shop::Meeting', 'queue' => 'meetings', 'args' => [{at: at, on: at, seats: '7'}])
            end
            now.to_i
            """
        );

        for (var form = 0; form < 6; form++)
        {
            var message = (await inbox.Next()).Message;
            Assert.Equal(now.GetInt64(), message.At.ToUnixTimeSeconds());
            Assert.Equal(message.At.UtcDateTime, message.On.ToUniversalTime());
            Assert.Equal(7, message.Seats);
        }
    }

    [SidekiqJob("Shop::Meeting")]
    public sealed record Meeting(DateTimeOffset At, DateTime On, int Seats);

    [Fact]
    public async Task Bulk_push_is_a_message_for_each_in_order()
    {
        await using var redis = await RedisServer.Lease();
        var inbox = new Inbox<OrderPaid>();
        await Ruby.Eval(
            redis,
            "Sidekiq::Client.push_bulk('class' => 'Shop::OrderPaid', 'queue' => 'paid', 'args' => (1..50).map { |i| [{orderId: i}] })"
        );
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "paid",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.Handler<OrderPaid>(inbox.Receive);
                    }
                )
        );

        for (var order = 1; order <= 50; order++)
        {
            Assert.Equal(order, (await inbox.Next()).Message.OrderId);
        }
    }

    [Fact]
    public async Task Perform_in_is_a_message_when_its_time_has_come()
    {
        await using var redis = await RedisServer.Lease();
        var inbox = new Inbox<OrderPaid>();
        await using var bus = await Consume(redis, "paid", inbox);

        var pushed = await Ruby.Eval(redis, $"[Time.now.to_f, {OrderPaid}.perform_in(0.5, {{'orderId' => 5}})]");

        var received = await inbox.Next();
        Assert.Equal(pushed[1].GetString(), received.GetJob().Jid);
        var waited = received.GetJob().EnqueuedAt!.Value - DateTimeOffset.UnixEpoch.AddSeconds(pushed[0].GetDouble());
        Assert.True(waited >= TimeSpan.FromSeconds(0.499), waited.ToString("c", CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Job_that_Ruby_sends_on_keeps_what_NET_said_of_the_message()
    {
        await using var redis = await RedisServer.Lease();
        var inbox = new Inbox<OrderPaid>();
        await using var bus = await Consume(redis, "paid", inbox);
        var (correlation, conversation, request) = (NewId.NextGuid(), NewId.NextGuid(), NewId.NextGuid());
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:ruby"));

        await endpoint.Send(
            new OrderPaid(9),
            context =>
            {
                context.Job(job => job.JobClass = "Shop::Check");
                (context.CorrelationId, context.ConversationId, context.RequestId) = (
                    correlation,
                    conversation,
                    request
                );
                context.ResponseAddress = new Uri("queue:answers");
                context.Headers.Set("tenant", "acmé");
                context.Headers.Set(
                    DiagnosticHeaders.ActivityId,
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
                );
            }
        );
        await using var worker = await RubySidekiq.Start(redis, "shop.rb", ["ruby"]);

        var received = await inbox.Next();
        Assert.Equal(9, received.Message.OrderId);
        Assert.Equal(
            (correlation, conversation, request),
            (received.CorrelationId, received.ConversationId, received.RequestId)
        );
        Assert.Equal("acmé", received.Headers.Get<string>("tenant"));
        Assert.EndsWith("answers", received.ResponseAddress?.AbsolutePath, StringComparison.Ordinal);
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", received.GetJob().TraceParent);
        Assert.Equal("paid", received.GetJob().Queue);
    }

    [Fact]
    public async Task Job_that_failed_in_Ruby_is_finished_by_NET_with_its_count()
    {
        await using var redis = await RedisServer.Lease();
        var inbox = new Inbox<FailingJob>();
        await Ruby.Eval(
            redis,
            "Sidekiq::Client.push('class' => 'Shop::FailingJob', 'queue' => 'fails', 'args' => [{text: 'é'}])"
        );
        await using (var worker = await RubySidekiq.Start(redis, "jobs.rb", ["fails"]))
        {
            // Ruby does not have the class: a failure like any other.
            await redis.Until(async state => (await state.RetrySet()).Length == 1);
        }

        await MakeDue(redis);
        await using var bus = await Consume(redis, "fails", inbox);

        var received = await inbox.Next();
        var job = received.GetJob();
        Assert.Equal("é", received.Message.Text);
        Assert.Equal((0, "NameError"), (job.RetryCount, job.ErrorClass));
        Assert.NotNull(job.FailedAt);
        Assert.True(received.ReceiveContext.Redelivered);
    }

    [Fact]
    public async Task Job_that_failed_in_NET_is_finished_by_Ruby_with_its_count()
    {
        await using var redis = await RedisServer.Lease();
        await Ruby.Eval(
            redis,
            "Sidekiq::Client.push('class' => 'Shop::OrderSubmitted', 'queue' => 'default', 'args' => ['no hash'], 'extra' => [1])"
        );
        await using (await Consume(redis, "default", new Inbox<OrderSubmitted>()))
        {
            await redis.Until(async state => (await state.RetrySet()).Length == 1);
        }

        Assert.Contains("\"extra\":[1]", (await redis.RetrySet())[0].Job, StringComparison.Ordinal);
        await MakeDue(redis);
        await using var worker = await RubySidekiq.Start(redis, "shop.rb");

        Assert.Equal("""["no hash"]""", Assert.Single(await redis.Ran(1)).Args);
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.DeadSet());
    }

    static async Task MakeDue(RedisDatabase redis)
    {
        var entry = Assert.Single(await redis.RetrySet());
        await redis.Db.SortedSetAddAsync("retry", entry.Job, 1);
    }
}
