using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MassTransit.Sidekiq.Tests.Health;

public sealed class HealthTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Bus_that_works_is_healthy_and_says_who_it_is()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis);

        var health = await Check(bus);

        Assert.Equal(HealthStatus.Healthy, health.Status);
        Assert.Equal(bus.Services.GetRequiredService<ISidekiqServer>().Identity, health.Data["identity"]);
        Assert.Equal(false, health.Data["quiet"]);
        Assert.InRange((double)health.Data["clockSkewSeconds"], -5, 5);
        Assert.Contains("ready", health.Tags);
    }

    [Fact]
    public async Task Redis_that_does_not_answer_makes_it_unhealthy()
    {
        await using var server = await RedisServer.StartOwn();
        await using var bus = await Start(server.Open());

        await server.Stop();

        var health = await Check(bus);
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.Contains(
            $"Redis at 127.0.0.1:{server.Port} does not answer",
            health.Description,
            StringComparison.Ordinal
        );
        await server.Restart();
        await Eventually.Until(async () => (await Check(bus)).Status == HealthStatus.Healthy);
    }

    [Fact]
    public async Task Process_lives_while_Redis_is_away_and_is_not_ready()
    {
        await using var server = await RedisServer.StartOwn();
        await using var bus = await Start(server.Open());
        Assert.Equal(HealthStatus.Healthy, (await Report(bus, "live")).Status);

        await server.Stop();

        await Eventually.Until(async () => (await Report(bus, "ready")).Status == HealthStatus.Unhealthy);
        var live = await Report(bus, "live");
        Assert.Equal(HealthStatus.Healthy, live.Status);
        // The bus itself is only ready or not.
        Assert.Equal(["sidekiq-live"], live.Entries.Keys);
        Assert.Equal(["masstransit-bus", "sidekiq"], (await Report(bus, "ready")).Entries.Keys.Order());
    }

    [Fact]
    public async Task Redis_that_was_never_reached_is_told_from_one_that_was_lost()
    {
        await using var server = await RedisServer.StartOwn();
        await server.Stop();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMassTransit(x =>
            x.UsingSidekiq(
                (_, cfg) =>
                {
                    cfg.Host($"redis://127.0.0.1:{server.Port}/0");
                    cfg.ReceiveEndpoint("orders", e => e.Handler<SubmitOrder>(_ => Task.CompletedTask));
                }
            )
        );
        await using var provider = services.BuildServiceProvider();
        var bus = provider.GetRequiredService<IBusControl>();
        var started = bus.StartAsync(TestContext.Current.CancellationToken);

        await Eventually.Until(async () => (await Check(provider)).Status == HealthStatus.Unhealthy);
        Assert.Contains(
            $"Redis at 127.0.0.1:{server.Port} has not answered since this process started",
            (await Check(provider)).Description,
            StringComparison.Ordinal
        );

        await server.Restart();
        await started.InTime();
        await bus.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(61, true, 3600, "The lease was not renewed for 61 s (limit 60 s) although Redis answers")]
    [InlineData(59, true, 3600, null)]
    // Redis is away, or has just come back.
    [InlineData(3600, false, 3600, null)]
    [InlineData(3600, true, 59, null)]
    public void Process_is_stuck_when_its_lease_is_not_renewed_though_Redis_answers(
        int sinceTurn,
        bool isRedisUp,
        int sinceBack,
        string? fault
    )
    {
        var said = Liveness.Fault(TimeSpan.FromSeconds(sinceTurn), isRedisUp, TimeSpan.FromSeconds(sinceBack));

        Assert.StartsWith(fault ?? "", said ?? "", StringComparison.Ordinal);
        Assert.Equal(fault is null, said is null);
    }

    [Fact]
    public async Task Clock_that_differs_from_Redis_and_quiet_are_worries()
    {
        await using var redis = await RedisServer.Lease();
        await using var late = await Start(redis, new FakeClock(TimeProvider.System.GetUtcNow().AddSeconds(-20)));
        await using var quiet = await Start(redis);

        quiet.Services.GetRequiredService<ISidekiqServer>().Quiet();

        var skewed = await Check(late);
        Assert.Equal(HealthStatus.Degraded, skewed.Status);
        Assert.Contains("behind Redis's (limit 5 s)", skewed.Description, StringComparison.Ordinal);
        Assert.StartsWith("Quiet:", (await Check(quiet)).Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heartbeat_that_fails_is_a_worry()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis, beat: TimeSpan.FromMilliseconds(50));
        await Eventually.Until(async () => await redis.Db.SetLengthAsync("processes") == 1);

        await redis.Db.KeyDeleteAsync("processes");
        await redis.Db.StringSetAsync("processes", "no set");

        await Eventually.Until(async () => (await Check(bus)).Status == HealthStatus.Degraded);
        Assert.StartsWith("No heartbeat for", (await Check(bus)).Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bus_that_has_not_started_opens_nothing_and_is_no_worry()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMassTransit(x => x.UsingSidekiq((_, cfg) => cfg.Host("redis://127.0.0.1:1/0")));
        // As a test does that configures the application's bus anew.
        services.AddMassTransitTestHarness(x => x.UsingSidekiq((_, cfg) => cfg.Host("redis://127.0.0.1:1/0")));
        await using var provider = services.BuildServiceProvider();

        var report = await provider
            .GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(check => check.Name == "sidekiq", TestContext.Current.CancellationToken);

        Assert.Equal("The bus has not started.", Assert.Single(report.Entries).Value.Description);
    }

    // Four beats without one are a worry, so that only who waits for it lets the heart beat fast.
    Task<TestBus> Start(RedisDatabase redis, TimeProvider? clock = null, TimeSpan? beat = null) =>
        TestBus.Start(
            redis,
            output,
            x => x.AddSingleton(clock ?? TimeProvider.System),
            (_, cfg) =>
            {
                cfg.Host(
                    redis.Url,
                    host => ((SidekiqHostSettings)host).Beat = beat ?? ((SidekiqHostSettings)host).Beat
                );
                cfg.ReceiveEndpoint("orders", e => e.Handler<SubmitOrder>(_ => Task.CompletedTask));
            }
        );

    static Task<HealthReport> Report(TestBus bus, string tag) =>
        bus
            .Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(check => check.Tags.Contains(tag), TestContext.Current.CancellationToken)
            .InTime();

    static Task<HealthReportEntry> Check(TestBus bus) => Check(bus.Services);

    static async Task<HealthReportEntry> Check(IServiceProvider services)
    {
        var report = await services
            .GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(check => check.Name == "sidekiq", TestContext.Current.CancellationToken)
            .InTime();

        return Assert.Single(report.Entries).Value;
    }
}
