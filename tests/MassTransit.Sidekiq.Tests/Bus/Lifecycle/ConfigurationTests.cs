using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

public sealed class ConfigurationTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Host_is_read_from_the_configuration()
    {
        await using var redis = await RedisServer.Lease();
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection([
                new("Sidekiq:Host", redis.Host),
                new("Sidekiq:Port", $"{redis.Port}"),
                new("Sidekiq:Database", $"{redis.Database}"),
                new("Sidekiq:Password", redis.Password),
                new("Sidekiq:KeyPrefix", "app:"),
                new("Sidekiq:TimeFormat", "IntegerMilliseconds"),
            ])
            .Build();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(settings);
        services.AddOptions<SidekiqTransportOptions>().BindConfiguration("Sidekiq");
        services.AddMassTransit(x => x.UsingSidekiq());
        await using var provider = services.BuildServiceProvider(validateScopes: true);

        await Send(provider.GetRequiredService<IBus>(), "queue:orders", new SubmitOrder(1));

        var job = Assert.Single(await redis.Db.ListRangeAsync("app:queue:orders"));
        Assert.Matches("\"created_at\":[0-9]{13},", job.ToString());
        Assert.Equal("orders", Assert.Single(await redis.Db.SetMembersAsync("app:queues")));
    }

    [Fact]
    public void Further_endpoints_of_the_options_follow_the_first()
    {
        var settings = new SidekiqHostSettings();
        settings.Apply(new SidekiqTransportOptions { Host = "redis-1", Endpoints = { "redis-2:7000", "redis-3" } });

        Assert.Equal([("redis-1", 6379), ("redis-2", 7000), ("redis-3", 6379)], settings.Redis.Endpoints);
        Assert.Empty(settings.Validate());
    }

    [Fact]
    public void Endpoint_without_a_port_number_is_a_fault()
    {
        var settings = new SidekiqHostSettings();
        settings.Apply(new SidekiqTransportOptions { Endpoints = { "redis-2:seven" } });

        Assert.Contains("redis-2:seven", Assert.Single(settings.Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_of_the_code_wins_over_the_options()
    {
        await using var redis = await RedisServer.Lease();
        var services = new ServiceCollection();
        services.AddLogging();
        services
            .AddOptions<SidekiqTransportOptions>()
            .Configure(options => options.Url = "redis://nowhere.invalid:1/9");
        services.AddMassTransit(x => x.UsingSidekiq((_, cfg) => cfg.Host(redis.Url)));
        await using var provider = services.BuildServiceProvider(validateScopes: true);

        await Send(provider.GetRequiredService<IBus>(), "queue:orders", new SubmitOrder(1));

        Assert.Single(await redis.Queue("orders"));
    }

    [Theory]
    [InlineData("redis://user:s3cret@redis-1:7000/2", "sidekiq://redis-1:7000/2/")]
    [InlineData("rediss://:s3cret@redis-1/0", "sidekiq://redis-1/")]
    [InlineData("redis://:s3%40cret@redis-1", "sidekiq://redis-1/")]
    public void Address_of_the_host_has_no_credentials(string url, string address)
    {
        var bus = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host(url));

        Assert.StartsWith(address, bus.Address.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("cret", Probe(bus), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_buses_use_two_databases()
    {
        await using var first = await RedisServer.Lease();
        await using var second = await RedisServer.Lease();
        var (here, there) = (new Seen<SubmitOrder>(), new Seen<SubmitOrder>());
        var services = new ServiceCollection();
        services.AddLogging();
        services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = true);
        services.AddMassTransit(x =>
            x.UsingSidekiq(
                (_, cfg) =>
                {
                    cfg.Host(first.Url);
                    cfg.ReceiveEndpoint("orders", e => e.Note(here));
                }
            )
        );
        services.AddMassTransit<ISecondBus>(x =>
            x.UsingSidekiq(
                (_, cfg) =>
                {
                    cfg.Host(second.Url);
                    cfg.ReceiveEndpoint("orders", e => e.Note(there));
                }
            )
        );
        await using var provider = services.BuildServiceProvider(validateScopes: true);
        var buses = provider.GetServices<Microsoft.Extensions.Hosting.IHostedService>().ToArray();
        foreach (var bus in buses)
        {
            await bus.StartAsync(TestContext.Current.CancellationToken);
        }

        await provider.GetRequiredService<IBus>().Publish(new SubmitOrder(1));
        await provider.GetRequiredService<ISecondBus>().Publish(new SubmitOrder(2));
        await using (var scope = provider.CreateAsyncScope())
        {
            var scheduler = scope
                .ServiceProvider.GetRequiredService<DependencyInjection.Bind<ISecondBus, IMessageScheduler>>()
                .Value;
            await scheduler.SchedulePublish(TimeSpan.FromDays(1), new SubmitOrder(3));
        }

        Assert.Equal(1, (await here.Next()).OrderId);
        Assert.Equal(2, (await there.Next()).OrderId);
        Assert.Empty(await first.ScheduledSet());
        Assert.Single(await second.ScheduledSet());
        foreach (var bus in buses)
        {
            await bus.StopAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Bus_without_a_container_starts_and_stops_again_and_again()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        var bus = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg =>
        {
            cfg.Host(redis.Url);
            cfg.ReceiveEndpoint("orders", e => e.Note(seen));
        });

        for (var run = 1; run <= 3; run++)
        {
            await bus.StartAsync(TestContext.Current.CancellationToken).InTime();
            await bus.Publish(new SubmitOrder(run));
            Assert.Equal(run, (await seen.Next()).OrderId);
            await bus.StopAsync(TestContext.Current.CancellationToken).InTime();
        }

        Assert.Equal(3, seen.All.Count);
        Assert.DoesNotContain(await redis.Keys(), key => key.Contains("working", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Consumer_definition_decides_name_and_concurrency()
    {
        await using var redis = await RedisServer.Lease();
        var limits = new List<int?>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x =>
            {
                x.AddConsumer<DefinedConsumer, Definition>();
                x.AddConfigureEndpointsCallback(
                    (_, name, endpoint) =>
                    {
                        if (name == "defined" && endpoint is ISidekiqReceiveEndpointConfigurator sidekiq)
                        {
                            limits.Add(endpoint.ConcurrentMessageLimit);
                            sidekiq.Subscribe("Some:Topic");
                        }
                    }
                );
            }
        );

        Assert.Equal(2, Assert.Single(limits));
        Assert.True(await redis.Db.HashExistsAsync("mt:topic:Some:Topic", "defined"));
        Assert.True(
            await redis.Db.HashExistsAsync("mt:topic:MassTransit.Sidekiq.Tests:SubmitOrder", "defined"),
            await redis.Dump()
        );
    }

    [Fact]
    public void Every_fault_of_the_configuration_is_reported_at_once()
    {
        var fault = Assert.Throws<ConfigurationException>(() =>
            MassTransit.Bus.Factory.CreateUsingSidekiq(cfg =>
            {
                cfg.Host("no url with s3cret");
                cfg.Job<Refund>(job => job.Class("not a constant"));
                cfg.ReceiveEndpoint("orders eu", e => e.Handler<Refund>(_ => Task.CompletedTask));
                cfg.ReceiveEndpoint("mixed", e => e.Queues(queues => queues.Strict("high").Weighted("low", 0)));
                cfg.ReceiveEndpoint(
                    "twice",
                    e =>
                    {
                        e.Consumer<PayConsumer>();
                    }
                );
            })
        );

        Assert.Contains("neither a URL nor a connection string", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'not a constant'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'orders eu' contains a space", fault.Message, StringComparison.Ordinal);
        Assert.Contains("some queues are strict and some weighted", fault.Message, StringComparison.Ordinal);
        Assert.Contains("has the weight 0", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Job class 'Pay::Now' means both", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Handlers_of_one_class_are_refused_when_the_bus_is_built()
    {
        var fault = Assert.Throws<ConfigurationException>(() =>
            MassTransit.Bus.Factory.CreateUsingSidekiq(cfg =>
                cfg.ReceiveEndpoint(
                    "twice",
                    e =>
                    {
                        e.Handler<One.Pay>(_ => Task.CompletedTask);
                        e.Handler<Two.Pay>(_ => Task.CompletedTask);
                    }
                )
            )
        );

        Assert.Contains("Job class 'Pay::Now' means both", fault.ToString(), StringComparison.Ordinal);
    }

    static async Task Send<T>(IBus bus, string address, T message)
        where T : class
    {
        var endpoint = await bus.GetSendEndpoint(new Uri(address));
        await endpoint.Send(message, TestContext.Current.CancellationToken).InTime();
    }

    static string Probe(IBusControl bus) => System.Text.Json.JsonSerializer.Serialize(bus.GetProbeResult().Results);

    public interface ISecondBus : IBus;

    public sealed record Refund(int OrderId);

    public static class One
    {
        [SidekiqJob("Pay::Now")]
        public sealed record Pay(int Id);
    }

    public static class Two
    {
        [SidekiqJob("Pay::Now")]
        public sealed record Pay(int Id);
    }

    public sealed class PayConsumer : IConsumer<One.Pay>, IConsumer<Two.Pay>
    {
        public Task Consume(ConsumeContext<One.Pay> context) => Task.CompletedTask;

        public Task Consume(ConsumeContext<Two.Pay> context) => Task.CompletedTask;
    }

    public sealed class DefinedConsumer : IConsumer<SubmitOrder>
    {
        public Task Consume(ConsumeContext<SubmitOrder> context) => Task.CompletedTask;
    }

    sealed class Definition : ConsumerDefinition<DefinedConsumer>
    {
        public Definition()
        {
            EndpointName = "defined";
            ConcurrentMessageLimit = 2;
        }
    }
}
