using MassTransit.Sidekiq.Tests.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Configuration;

/// <summary>An inspector in a process without a bus.</summary>
public sealed class SidekiqInspectorExtensionsTests
{
    [Fact]
    public async Task Inspector_without_a_bus_connects_when_it_is_asked_and_a_look_at_everything_writes_nothing()
    {
        await using var server = await RedisServer.StartOwn();
        await using var redis = server.Open();
        await redis.SeedQueue("billing", Job("a"));
        await redis.SeedRetrySet(Job("b"), TestClock.Start);
        await redis.Db.HashSetAsync("mt:topic:Shop:Ordered", "billing", "");
        var before = await redis.Snapshot();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSidekiqInspector(redis.Url, host => host.ClientName = "looker");
        using var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken).InTime();
        var inspector = app.Services.GetRequiredService<ISidekiqInspector>();
        Assert.DoesNotContain("name=looker", await server.Clients(), StringComparison.Ordinal);

        var stats = await inspector.Stats(TestContext.Current.CancellationToken).InTime();
        Assert.Equal("Shop:Ordered", Assert.Single((await inspector.Topics.List()).Topics).Name);
        Assert.Equal("billing", Assert.Single(await inspector.Queues()).Name);
        Assert.Equal("b", (await inspector.RetrySet.Find("b"))!.Job!.Jid);
        Assert.Equal("queue:billing", Assert.Single((await inspector.Search("\"a\"")).Found).Place);
        Assert.Empty(await inspector.Metrics(TimeSpan.FromHours(1)));
        Assert.Empty(await inspector.Periodic.List());
        Assert.Empty(await inspector.Processes());
        Assert.Equal($"127.0.0.1:{server.Port}", (await inspector.Redis()).Address);

        Assert.Equal((1, 1), (stats.Enqueued, stats.Retries));
        Assert.Equal(before, await redis.Snapshot());
        Assert.Contains("name=looker", await server.Clients(), StringComparison.Ordinal);
        Assert.Empty((string[])(await redis.Db.ExecuteAsync("PUBSUB", "CHANNELS", "*mt*"))!);
        await app.StopAsync(TestContext.Current.CancellationToken).InTime();
        Assert.Equal(before, await redis.Snapshot());
    }

    [Fact]
    public async Task Actions_write_what_was_asked_for_and_nothing_else()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Job("a"), TestClock.Start);
        await redis.SeedRetrySet(Job("b"), TestClock.Start);
        await redis.Db.SortedSetAddAsync("mt:periodic", "App:nightly", SetEntry.ToScore(TestClock.Start.AddDays(1)));
        await redis.Db.HashSetAsync(
            "mt:periodic:jobs",
            "App:nightly",
            """{"cron":"0 3 * * *","tz":"Etc/UTC","late":3600,"queue":"reports","job":{"class":"Nightly","args":[]}}"""
        );
        var before = await redis.Snapshot();
        await using var provider = Services(redis.Url).BuildServiceProvider();
        var inspector = provider.GetRequiredService<ISidekiqInspector>();

        Assert.True(await inspector.RetrySet.Retry((await inspector.RetrySet.Find("a"))!));
        Assert.True(await inspector.RetrySet.Kill((await inspector.RetrySet.Find("b"))!));
        Assert.True(await inspector.Periodic.Run("App:nightly"));
        await inspector.Pause("billing");
        await inspector.Topics.Subscribe("Shop:Ordered", "ruby", "Ship");

        var after = await redis.Snapshot();
        Assert.Equal(
            [
                "dead",
                "mt:periodic",
                "mt:periodic:jobs",
                "mt:topic:Shop:Ordered",
                "paused",
                "queue:billing",
                "queue:reports",
                "queues",
            ],
            after.Keys
        );
        Assert.Contains("\"jid\":\"a\"", Assert.Single(await redis.Queue("billing")), StringComparison.Ordinal);
        Assert.Contains("\"Nightly\"", Assert.Single(await redis.Queue("reports")), StringComparison.Ordinal);
        Assert.Contains("\"jid\":\"b\"", Assert.Single(await redis.DeadSet()).Job, StringComparison.Ordinal);
        Assert.Equal("set [\n  billing\n]", after["paused"]);
        Assert.Equal("hash [\n  ruby|Ship = Ship\n]", after["mt:topic:Shop:Ordered"]);
        Assert.Equal(before["mt:periodic"], after["mt:periodic"]);
    }

    [Fact]
    public async Task Settings_are_those_of_the_host_of_a_bus()
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { Password = "s3cret" });
        await using var redis = server.Open(3);
        await redis.Db.SetAddAsync("shop:queues", "billing");
        await using var provider = new ServiceCollection()
            .AddSidekiqInspector(
                $"127.0.0.1:{server.Port}",
                host =>
                {
                    (host.Password, host.Database, host.KeyPrefix) = ("s3cret", 3, "shop:");
                }
            )
            .BuildServiceProvider();

        var inspector = provider.GetRequiredService<ISidekiqInspector>();
        await inspector.Pause("billing").InTime();

        Assert.True(Assert.Single(await inspector.Queues()).IsPaused);
        Assert.Equal(["shop:paused", "shop:queues"], await redis.Keys());
    }

    [Fact]
    public async Task Connection_may_be_one_of_the_container()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Job("a"));
        await using var connection = await redis.Connect();
        await using var provider = new ServiceCollection()
            .AddSingleton<IConnectionMultiplexer>(connection)
            .AddSidekiqInspector(
                redis.Url,
                host => host.UseConnection(services => services.GetRequiredService<IConnectionMultiplexer>())
            )
            .BuildServiceProvider();

        Assert.Single(await provider.GetRequiredService<ISidekiqInspector>().Queues().InTime());
    }

    [Theory]
    [InlineData("", "Sidekiq inspector, Host: Url is neither a URL nor a connection string. Write it as redis://")]
    [InlineData("http://localhost", "Sidekiq inspector, Host: Scheme 'http' is not a Redis scheme.")]
    [InlineData("redis://:pw@localhost:6379", "Sidekiq inspector, Database: -1 is negative.")]
    public async Task Faults_are_those_of_a_bus_and_are_told_when_the_host_starts(string address, string fault)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSidekiqInspector(address, host => host.Database = -1);
        using var app = builder.Build();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            app.StartAsync(TestContext.Current.CancellationToken)
        );

        Assert.Contains(fault, refused.Message, StringComparison.Ordinal);
        Assert.Contains("Database: -1 is negative.", refused.Message, StringComparison.Ordinal);
        Assert.Throws<OptionsValidationException>(() => app.Services.GetRequiredService<ISidekiqInspector>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Address_that_is_named_takes_precedence_over_that_of_the_bus(bool isBusFirst)
    {
        await using var redis = await RedisServer.Lease();
        await using var other = await RedisServer.Lease();
        await other.SeedQueue("billing", Job("a"));
        var services = new ServiceCollection();
        Action[] registrations =
        [
            () => services.AddMassTransit(x => x.UsingSidekiq((_, cfg) => cfg.Host(redis.Url))),
            () => services.AddSidekiqInspector(other.Url),
        ];
        foreach (var register in isBusFirst ? registrations : registrations.Reverse())
        {
            register();
        }

        services.AddLogging();
        await using var provider = services.BuildServiceProvider();

        Assert.Equal("billing", Assert.Single(await Queues(provider.GetRequiredService<ISidekiqInspector>())).Name);
        Assert.Empty(await provider.GetRequiredService<ISidekiqPeriodicJobs>().List());
        Assert.NotNull(provider.GetRequiredService<ISidekiqServer>().Identity);
    }

    [Fact]
    public async Task Inspectors_of_several_servers_have_keys()
    {
        await using var redis = await RedisServer.Lease();
        await using var billing = await RedisServer.Lease();
        await using var shipping = await RedisServer.Lease();
        await redis.SeedQueue("main", Job("a"));
        await billing.SeedQueue("invoices", Job("b"));
        await shipping.SeedQueue("parcels", Job("c"));
        await using var provider = Services(redis.Url)
            .AddKeyedSidekiqInspector("billing", billing.Url)
            .AddKeyedSidekiqInspector("shipping", shipping.Url)
            .BuildServiceProvider();

        async Task<string> Queue(ISidekiqInspector inspector) => Assert.Single(await Queues(inspector)).Name;

        Assert.Equal("main", await Queue(provider.GetRequiredService<ISidekiqInspector>()));
        Assert.Equal("invoices", await Queue(provider.GetRequiredKeyedService<ISidekiqInspector>("billing")));
        Assert.Equal("parcels", await Queue(provider.GetRequiredKeyedService<ISidekiqInspector>("shipping")));
    }

    [Fact]
    public void Second_inspector_of_one_key_is_refused()
    {
        var services = Services("redis://localhost").AddKeyedSidekiqInspector("billing", "redis://billing");

        var second = Assert.Throws<ConfigurationException>(() => services.AddSidekiqInspector("redis://other"));
        var keyed = Assert.Throws<ConfigurationException>(() =>
            services.AddKeyedSidekiqInspector("billing", "redis://other")
        );

        Assert.Contains(
            "Add that of another Redis with AddKeyedSidekiqInspector",
            second.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("of the key 'billing' already", keyed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redis_that_was_away_answers_again_and_the_outage_is_logged_as_that_of_a_bus()
    {
        await using var server = await RedisServer.StartOwn();
        var log = new BusLog();
        await using var provider = Services($"redis://127.0.0.1:{server.Port}")
            .AddLogging(logging => logging.AddProvider(log))
            .BuildServiceProvider();
        var inspector = provider.GetRequiredService<ISidekiqInspector>();
        Assert.Empty(await Queues(inspector));

        await server.Stop();
        await Until(async () => await Fault(inspector) is ConnectionException);
        await server.Restart();
        await Until(async () => await Fault(inspector) is null);

        await Until(() => Task.FromResult(log.Logger.Lines.Length == 2));
        Assert.Contains($"Redis lost at 127.0.0.1:{server.Port}", log.Logger.Lines[0], StringComparison.Ordinal);
        Assert.Contains($"Redis back at 127.0.0.1:{server.Port}", log.Logger.Lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connections_are_closed_with_the_container(bool waits)
    {
        await using var server = await RedisServer.StartOwn();
        var provider = new ServiceCollection()
            .AddSidekiqInspector($"redis://127.0.0.1:{server.Port}", host => host.ClientName = "looker")
            .BuildServiceProvider();
        var inspector = provider.GetRequiredService<ISidekiqInspector>();
        await inspector.Stats(TestContext.Current.CancellationToken).InTime();
        Assert.Contains("name=looker", await server.Clients(), StringComparison.Ordinal);

        if (waits)
        {
            await provider.DisposeAsync().AsTask().InTime();
        }
        else
        {
#pragma warning disable CA1849, MA0042 // As a container is disposed that knows no better
            provider.Dispose();
#pragma warning restore CA1849, MA0042
        }

        await Until(async () => !(await server.Clients()).Contains("name=looker", StringComparison.Ordinal));
        var closed = await Assert.ThrowsAsync<ConnectionException>(() => inspector.Stats());
        Assert.Contains("was closed with its bus or host", closed.Message, StringComparison.Ordinal);
    }

    static IServiceCollection Services(string address) => new ServiceCollection().AddSidekiqInspector(address);

    static Task<IReadOnlyList<SidekiqQueue>> Queues(ISidekiqInspector inspector) =>
        inspector.Queues(TestContext.Current.CancellationToken).InTime();

    static async Task<Exception?> Fault(ISidekiqInspector inspector)
    {
        try
        {
            await inspector.Stats(TestContext.Current.CancellationToken).InTime();
            return null;
        }
        catch (ConnectionException away)
        {
            return away;
        }
    }

    static string Job(string jid) => $$"""{"class":"Pay","args":[],"queue":"billing","jid":"{{jid}}"}""";

    // What is logged in the category of a bus.
    sealed class BusLog : ILoggerProvider
    {
        public ListLogger Logger { get; } = new();

        public ILogger CreateLogger(string categoryName) =>
            categoryName == "MassTransit" ? Logger : NullLogger.Instance;

        public void Dispose() { }
    }
}
