using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MassTransit.Sidekiq.Tests.Inspecting;

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

    static async Task<HealthReportEntry> Check(TestBus bus)
    {
        var report = await bus
            .Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(check => check.Name == "sidekiq", TestContext.Current.CancellationToken)
            .InTime();

        return Assert.Single(report.Entries).Value;
    }
}
