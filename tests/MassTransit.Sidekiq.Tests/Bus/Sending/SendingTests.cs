using System.Diagnostics;

namespace MassTransit.Sidekiq.Tests;

/// <summary>Whoever sends is never kept longer than he wants to wait, and hears why nothing was sent.</summary>
public sealed class SendingTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sender_who_gives_up_is_let_go_at_once(bool isPublished)
    {
        await using var redis = await RedisServer.StartOwn();
        await using var bus = await TestBus.Start(redis.Open(), output);
        await bus.Send("orders", new SubmitOrder(1));
        await bus.Harness.Bus.Publish(new SubmitOrder(1));
        redis.Pause();
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var clock = Stopwatch.StartNew();

        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:orders"));
        var fault = await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            isPublished
                ? bus.Harness.Bus.Publish(new OrderAccepted(2), patience.Token)
                : endpoint.Send(new SubmitOrder(2), patience.Token)
        );

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Contains("may still have been enqueued", fault.Message, StringComparison.Ordinal);
        redis.Resume();
    }

    [Fact]
    public async Task Stopped_bus_sends_nothing_says_so_and_opens_no_connection()
    {
        await using var redis = await RedisServer.StartOwn();
        var bus = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host(redis.Open().Url));
        await bus.StartAsync();
        var endpoint = await bus.GetSendEndpoint(new Uri("queue:orders"));
        await endpoint.Send(new SubmitOrder(1));
        await bus.StopAsync();
        await Eventually.Until(async () => !Ours(await redis.Clients()));

        var fault = await Assert.ThrowsAsync<ConnectionException>(() => endpoint.Send(new SubmitOrder(2)).InTime());
        await Assert.ThrowsAsync<ConnectionException>(() => bus.Publish(new SubmitOrder(2)).InTime());

        Assert.Contains("has stopped", fault.Message, StringComparison.Ordinal);
        Assert.False(Ours(await redis.Clients()));
        Assert.Single(await redis.Open().Queue("orders"));

        static bool Ours(string clients) => clients.Contains("name=masstransit", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_that_Redis_does_not_have_is_named_at_start_and_at_each_send()
    {
        await using var redis = await RedisServer.Lease();
        var bus = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host(redis.Url, host => host.Database = 5000));
        var endpoint = await bus.GetSendEndpoint(new Uri("queue:orders"));

        var atSend = await Assert.ThrowsAsync<SidekiqRedisException>(() => endpoint.Send(new SubmitOrder(1)).InTime());
        var atStart = await Assert.ThrowsAsync<ConnectionException>(() => bus.StartAsync().InTime());

        Assert.Contains("it has no database of this number", atSend.Message, StringComparison.Ordinal);
        Assert.Contains("it has no database of this number", atStart.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bus_that_is_started_again_sends_again()
    {
        await using var redis = await RedisServer.Lease();
        var bus = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host(redis.Url));
        await bus.StartAsync();
        await bus.StopAsync();
        await bus.StartAsync();

        var endpoint = await bus.GetSendEndpoint(new Uri("queue:orders"));
        await endpoint.Send(new SubmitOrder(1)).InTime();

        Assert.Single(await redis.Queue("orders"));
        await bus.StopAsync();
    }
}
