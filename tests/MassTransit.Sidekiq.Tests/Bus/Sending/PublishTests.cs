namespace MassTransit.Sidekiq.Tests;

public sealed class PublishTests(ITestOutputHelper output)
{
    const string Namespace = "MassTransit.Sidekiq.Tests";

    [Fact]
    public async Task Positional_arguments_are_read_by_a_consumer_that_knows_only_an_interface_of_the_message()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<IHaveName>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Job<Dog>(job => job.Positional());
                cfg.ReceiveEndpoint("interface", e => e.Note(seen));
            }
        );

        await bus.Harness.Bus.Publish(new Dog("Rex", 3));

        Assert.Equal("Rex", (await seen.Next()).Name);
    }

    [Fact]
    public async Task Message_reaches_the_consumers_of_its_class_its_base_and_its_interface_once_a_queue()
    {
        await using var redis = await RedisServer.Lease();
        var (own, parent, contract) = (new Seen<Received<Dog>>(), new Seen<Received<Animal>>(), new Seen<IHaveName>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "all",
                    e =>
                    {
                        e.Note(own);
                        e.Note(parent);
                        e.Note(contract);
                    }
                );
                cfg.ReceiveEndpoint("base", e => e.Note(parent));
                cfg.ReceiveEndpoint("interface", e => e.Note(contract));
            }
        );

        await bus.Harness.Bus.Publish(new Dog("Rex", 3));
        await bus.Harness.Bus.Publish(new Dog("Bello", 4));

        Assert.Equal(["Bello", "Rex"], (await own.Next(2)).Select(dog => dog.Message.Name).Order());
        var parents = await parent.Next(4);
        Assert.Equal(["Bello", "Bello", "Rex", "Rex"], parents.Select(animal => animal.Message.Name).Order());
        Assert.Equal(4, (await contract.Next(4)).Length);
        Assert.Equal(
            2,
            parents
                .Where(animal => animal.Message.Name == "Rex")
                .Select(animal => animal.Context.GetJob().Jid)
                .Distinct()
                .Count()
        );
    }

    [Fact]
    public async Task Message_without_subscribers_is_pushed_nowhere()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        await bus.Harness.Bus.Publish(new Dog("Rex", 3));

        Assert.Empty(await redis.Queues());
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("queue:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Excluded_base_gets_no_copy()
    {
        await using var redis = await RedisServer.Lease();
        var (own, contract) = (new Seen<Cat>(), new Seen<IHaveName>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Publish<IHaveName>(x => x.Exclude = true);
                cfg.ReceiveEndpoint("cats", e => e.Note(own));
                cfg.ReceiveEndpoint("names", e => e.Note(contract));
            }
        );

        await bus.Harness.Bus.Publish(new Cat("Minka"));
        await own.Next();

        Assert.Equal(["cats"], await redis.Queues());
        Assert.Empty(contract.All);
    }

    [Fact]
    public async Task Subscriptions_stand_in_Redis_under_the_name_of_the_topic()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint("dogs", e => e.Note(new Seen<Dog>()));
                cfg.ReceiveEndpoint(
                    "quiet",
                    e =>
                    {
                        e.ConfigureConsumeTopology = false;
                        e.Note(new Seen<Dog>());
                    }
                );
            }
        );

        var topic = await redis.Db.HashGetAllAsync($"mt:topic:{Namespace}:Dog");

        Assert.Equal("dogs", Assert.Single(topic).Name);
    }

    [Fact]
    public async Task Message_with_a_queue_of_its_own_reaches_it_with_nobody_subscribed()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        await bus.Harness.Bus.Publish(new Invoice(7));

        var job = SidekiqJob.Parse(
            System.Text.Encoding.UTF8.GetBytes(Assert.Single(await redis.Queue("billing"))),
            "billing"
        );
        Assert.Equal("Billing::InvoiceWorker", job.Class);
        Assert.Equal("""[{"orderId":7}]""", System.Text.Encoding.UTF8.GetString(job.Args.Span));
        Assert.Equal(["billing"], await redis.Queues());
    }

    [Fact]
    public async Task Topic_by_its_address_reaches_the_subscribers_of_what_it_implements()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<IHaveName>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("names", e => e.Note(seen))
        );
        await bus.Harness.Bus.Publish(new Dog("Rex", 3));
        await seen.Next();

        // Another process, which has only the address: it never published a dog.
        var relay = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host(redis.Url));
        var topic = await relay.GetSendEndpoint(new Uri($"topic:{Namespace}:Dog"));
        await topic.Send<IHaveName>(new { Name = "Bello" }).InTime();

        Assert.Equal("Bello", (await seen.Next()).Name);
    }

    [Theory]
    [InlineData("queue:dogs")]
    [InlineData("sidekiq://localhost/dogs")]
    [InlineData("topic:MassTransit.Sidekiq.Tests:Dog")]
    [InlineData("sidekiq://localhost/MassTransit.Sidekiq.Tests:Dog?type=topic")]
    public async Task Message_is_sent_by_each_form_of_address(string address)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Dog>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("dogs", e => e.Note(seen))
        );

        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri(address));
        await endpoint.Send(new Dog("Rex", 3));

        Assert.Equal("Rex", (await seen.Next()).Name);
        Assert.Single(seen.All);
    }

    [Fact]
    public async Task Unknown_scheme_of_an_address_is_refused_with_the_known_ones()
    {
        await using var redis = await RedisServer.Lease();
        var bus = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host(redis.Url));

        var fault = await Assert.ThrowsAnyAsync<Exception>(() =>
            bus.GetSendEndpoint(new Uri("rabbitmq://localhost/dogs"))
        );

        Assert.Contains("queue:name and topic:name", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interface_is_made_by_an_initializer_and_published_as_what_it_is()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<IHaveName>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("names", e => e.Note(seen))
        );

        await bus.Harness.Bus.Publish<IHaveName>(new { Name = "Rex" });

        Assert.Equal("Rex", (await seen.Next()).Name);
    }
}

public interface IHaveName
{
    string Name { get; }
}

public record Animal(string Name) : IHaveName;

public sealed record Dog(string Name, int Age) : Animal(Name);

public sealed record Cat(string Name) : IHaveName;

[SidekiqJob("Billing::InvoiceWorker", Queue = "billing")]
public sealed record Invoice(int OrderId);
