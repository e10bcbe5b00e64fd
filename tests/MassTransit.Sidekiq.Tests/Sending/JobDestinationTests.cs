using System.Text;
using MassTransit.Sidekiq.Tests.Receiving;
using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Sending;

public sealed class JobDestinationTests : IAsyncLifetime
{
    static readonly Uri host = new("sidekiq://localhost/");
    static readonly Guid id = new("a1b2c3d4-0000-0000-0000-000000000001");
    static readonly Guid token = new("a1b2c3d4-0000-0000-0000-000000000002");

    readonly PublishedEntities entities = new();
    RedisDatabase redis = null!;
    ConsumingEndpoint endpoint = null!;
    JobDestinations destinations = null!;

    public async ValueTask InitializeAsync()
    {
        redis = await RedisServer.Lease();
        endpoint = new ConsumingEndpoint(redis.Url);
        destinations = new JobDestinations(entities);
    }

    public async ValueTask DisposeAsync()
    {
        await endpoint.DisposeAsync();
        await redis.DisposeAsync();
    }

    [Fact]
    public async Task Job_is_pushed_to_its_queue()
    {
        await Send("queue:orders", Job());

        Assert.Equal([Text(Job().ToJob("orders"))], await redis.Queue("orders"));
        Assert.Equal(["queue:orders", "queues"], await redis.Keys());
    }

    [Fact]
    public async Task Job_that_is_due_later_is_scheduled_for_its_queue()
    {
        var due = TestClock.Start;

        await Send("queue:orders", Job() with { Due = due });

        Assert.Equal([new SetEntry(Text(Job().ToJob("orders")), SetEntry.ToScore(due))], await redis.ScheduledSet());
        Assert.Equal(["schedule"], await redis.Keys());
    }

    [Fact]
    public async Task Job_that_is_due_later_can_be_cancelled_by_its_token()
    {
        var draft = new JobDraft
        {
            Class = "Pay",
            Metadata = new JobMetadata { SchedulingToken = token },
        };

        await Send("queue:orders", new OutgoingJob("Pay", id, draft, Due: TestClock.Start, Token: token));

        Assert.True(await endpoint.Process.Stores.Jobs.CancelScheduled(token));
        Assert.Empty(await redis.ScheduledSet());
    }

    [Fact]
    public async Task Answer_reaches_a_temporary_queue_that_lives_and_is_dropped_where_it_has_ended()
    {
        await endpoint.Process.Stores.Topics.CreateTemporary("answers", RedisSteps.Life);

        await Send("queue:answers?temporary=true", Job());
        await Send("queue:gone?temporary=true", Job());

        Assert.Single(await redis.Queue("answers"));
        Assert.Empty(await redis.Queue("gone"));
        Assert.Empty(await redis.Queues());
    }

    [Fact]
    public async Task Publish_reaches_the_subscribers_and_the_queue_of_the_contract()
    {
        await endpoint.Process.Stores.Topics.Subscribe(["Shop:Order"], "mails");

        await Send("topic:Shop:Order", Job() with { Queue = "billing" });

        Assert.Equal(["billing", "mails"], await redis.Queues());
    }

    [Fact]
    public async Task Publish_reaches_who_subscribed_to_what_the_message_implements_and_tells_Redis_of_it()
    {
        await endpoint.Process.Stores.Topics.Subscribe(["Shop:IOrder"], "audit");
        entities.Learn([new Entity("Shop:Order"), new Entity("Shop:IOrder")]);

        await Send("topic:Shop:Order", Job());

        Assert.Single(await redis.Queue("audit"));
        Assert.True(await redis.Db.SetContainsAsync("mt:implements:Shop:Order", "Shop:IOrder"));
    }

    [Fact]
    public async Task Entities_that_were_staged_with_a_message_are_those_that_it_reaches()
    {
        await endpoint.Process.Stores.Topics.Subscribe(["Shop:IOrder"], "audit");

        await Send("topic:Shop:Order", Job() with { Entities = ["Shop:Order", "Shop:IOrder"] });

        Assert.Single(await redis.Queue("audit"));
    }

    [Fact]
    public async Task Exchange_is_the_queue_of_its_name_where_there_is_no_such_topic()
    {
        await Send("exchange:orders", Job());
        Assert.Single(await redis.Queue("orders"));

        await endpoint.Process.Stores.Topics.Subscribe(["mails"], "subscriber");
        await Send("exchange:mails", Job());

        Assert.Empty(await redis.Queue("mails"));
        Assert.Single(await redis.Queue("subscriber"));
    }

    [Fact]
    public void Destination_is_called_as_its_address() =>
        Assert.Equal(("orders", "Shop:Order"), (Of("queue:orders").Name, Of("topic:Shop:Order").Name));

    [Fact]
    public async Task Queue_that_is_sent_to_again_and_again_is_described_by_its_name() =>
        Assert.Equal(new PeriodicTarget { Queue = "orders" }, await Describe("queue:orders", Job()));

    [Fact]
    public async Task Topic_that_is_sent_to_again_and_again_is_described_with_the_queue_of_the_contract_and_is_declared()
    {
        entities.Learn([new Entity("Shop:Order"), new Entity("Shop:IOrder")]);

        Assert.Equal(
            new PeriodicTarget { Topic = "Shop:Order", Static = ("billing", "Pay") },
            await Describe("topic:Shop:Order", Job() with { Queue = "billing" })
        );
        Assert.Equal(["mt:implements:Shop:Order"], await redis.Keys());
        Assert.Equal(new PeriodicTarget { Topic = "Shop:Other" }, await Describe("topic:Shop:Other", Job()));
    }

    [Fact]
    public async Task Exchange_that_is_sent_to_again_and_again_is_a_queue_unless_it_is_known_as_a_topic()
    {
        entities.Learn([new Entity("Shop:Order")]);

        Assert.Equal(new PeriodicTarget { Queue = "orders" }, await Describe("exchange:orders", Job()));
        Assert.Equal(new PeriodicTarget { Topic = "Shop:Order" }, await Describe("exchange:Shop:Order", Job()));
    }

    [Fact]
    public void Nothing_is_sent_again_and_again_to_a_queue_that_ends()
    {
        var fault = Assert.Throws<InvalidOperationException>(() =>
        {
            _ = Describe("queue:answers?temporary=true", Job());
        });

        Assert.Contains("'answers'", fault.Message, StringComparison.Ordinal);
    }

    static OutgoingJob Job() => new("Pay", id, new JobDraft { Class = "Pay", Args = "[1]"u8.ToArray() });

    Task Send(string address, OutgoingJob job) => Of(address).Send(endpoint.Process, job).InTime();

    Task<PeriodicTarget> Describe(string address, OutgoingJob job) => Of(address).Describe(endpoint.Process, job);

    JobDestination Of(string address) => destinations.Of(SidekiqEndpointAddress.Parse(host, new Uri(address)));

    static string Text(byte[] json) => Encoding.UTF8.GetString(json);

    sealed record Entity(string EntityName) : IPublishedEntity
    {
        public bool Exclude => false;

        public IReadOnlyList<IPublishedEntity> Parents => [];
    }
}
