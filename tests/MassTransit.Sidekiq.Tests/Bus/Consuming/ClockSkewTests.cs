using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>A process whose clock is not the others'.</summary>
public sealed class ClockSkewTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Process_whose_clock_is_ahead_drops_nothing_that_others_wait_for()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x => x.AddSingleton<TimeProvider>(new AheadClock(TimeSpan.FromHours(1))),
            (_, cfg) => cfg.ReceiveEndpoint("orders", e => e.Note(seen))
        );
        var sender = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host(redis.Url));
        var endpoint = await sender.GetSendEndpoint(new Uri("queue:orders"));

        await endpoint.Send(new SubmitOrder(1), context => context.TimeToLive = TimeSpan.FromMinutes(10)).InTime();

        Assert.Equal(1, (await seen.Next()).OrderId);
        Assert.Single(bus.Log, line => line.Contains("is 3600.0 s ahead of Redis's", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Process_whose_clock_is_behind_runs_nothing_that_has_expired()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        var sender = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host(redis.Url));
        var endpoint = await sender.GetSendEndpoint(new Uri("queue:orders"));
        await endpoint.Send(new SubmitOrder(1), context => context.TimeToLive = TimeSpan.FromTicks(1)).InTime();
        await endpoint.Send(new SubmitOrder(2)).InTime();

        await using var bus = await TestBus.Start(
            redis,
            output,
            x => x.AddSingleton<TimeProvider>(new AheadClock(TimeSpan.FromHours(-1))),
            (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.Note(seen);
                    }
                )
        );

        Assert.Equal(2, (await seen.Next()).OrderId);
        Assert.Contains(bus.Log, line => line.Contains("is 3600.0 s behind Redis's", StringComparison.Ordinal));
    }

    sealed class AheadClock(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
    }
}
