using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class LatencyTests
{
    static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task First_look_begins_the_samples_and_an_hour_after_the_last_look_they_end()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"));
        await using var provider = Services(redis);
        var clock = new FakeClock();
        var sampler = new LatencySampler(
            provider.GetRequiredService<ISidekiqInspector>(),
            clock,
            CancellationToken.None
        );
        Assert.Empty(sampler.Of("billing"));

        sampler.Look();
        await clock.Armed().InTime();
        clock.Advance(minute);
        await clock.Armed().InTime();

        Assert.Equal(
            [clock.GetUtcNow() - minute, clock.GetUtcNow()],
            sampler.Of("billing").Select(sample => sample.At)
        );
        Assert.All(sampler.Of("billing"), sample => Assert.True(sample.Latency > TimeSpan.Zero));
        Assert.All(sampler.Of("empty"), sample => Assert.Equal(TimeSpan.Zero, sample.Latency));

        for (var minutes = 0; minutes < 59; minutes++)
        {
            clock.Advance(minute);
            await clock.Armed().InTime();
        }

        Assert.Equal(61, sampler.Of("billing").Count);
        clock.Advance(minute);
        await sampler.Running.InTime();

        sampler.Look();
        await clock.Armed().InTime();
        Assert.Single(sampler.Of("billing"));
    }

    [Fact]
    public async Task Samples_end_with_the_application()
    {
        await using var redis = await RedisServer.Lease();
        await using var provider = Services(redis);
        using var stopping = new CancellationTokenSource();
        var clock = new FakeClock();
        var sampler = new LatencySampler(provider.GetRequiredService<ISidekiqInspector>(), clock, stopping.Token);
        sampler.Look();
        await clock.Armed().InTime();

        await stopping.CancelAsync();
        await sampler.Running.InTime();
        sampler.Look();

        Assert.True(sampler.Running.IsCompleted);
    }

    [Fact]
    public async Task Minute_without_Redis_has_no_sample_and_the_next_has()
    {
        await using var server = await RedisServer.StartOwn();
        await using var redis = server.Open();
        await using var provider = Services(redis);
        var clock = new FakeClock();
        var sampler = new LatencySampler(
            provider.GetRequiredService<ISidekiqInspector>(),
            clock,
            CancellationToken.None
        );
        sampler.Look();
        await clock.Armed().InTime();
        var first = Assert.Single(sampler.Of("billing"));

        await server.Stop();
        clock.Advance(minute);
        await clock.Armed().InTime();
        Assert.Single(sampler.Of("billing"));

        await server.Restart();
        await Until(async () =>
        {
            // Many minutes of this clock may pass until the connection is back, so somebody looks meanwhile.
            sampler.Look();
            clock.Advance(minute);
            await clock.Armed().InTime();
            return sampler.Of("billing")[^1].At > first.At;
        });
    }

    [Fact]
    public async Task Queue_has_a_line_that_is_told_in_words()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"));
        await using var site = await Site.Open(redis);
        await Until(async () => (await site.Page("sidekiq/queues")).Contains("<polyline", StringComparison.Ordinal));

        var page = WebUtility.HtmlDecode(await site.Page("sidekiq/queues"));
        Assert.Contains("class=\"spark\"", page, StringComparison.Ordinal);
        Assert.Contains("aria-label=\"Waited at most ", page, StringComparison.Ordinal);
        Assert.Contains("is sampled since ", page, StringComparison.Ordinal);
        Assert.Contains("<polyline", await site.Page("sidekiq/queues/billing"), StringComparison.Ordinal);
    }

    static ServiceProvider Services(RedisDatabase redis) =>
        new ServiceCollection()
            .AddLogging()
            .AddMassTransit(x => x.UsingSidekiq((_, cfg) => cfg.Host(redis.Url)))
            .BuildServiceProvider();
}
