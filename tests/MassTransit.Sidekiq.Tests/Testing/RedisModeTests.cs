using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests.Testing;

public sealed class RedisModeTests
{
    readonly Seen<Bill> seen = new();

    [Fact]
    public async Task Jobs_wait_in_Redis_until_they_are_drained_in_order()
    {
        await using var redis = await RedisServer.Lease();
        await using var host = await Start(redis, endpoint => endpoint.Note(seen));
        await redis.SeedQueue(
            "bills",
            """{"class":"Bill","queue":"bills","args":[{"sum":1}],"jid":"aaaaaaaaaaaaaaaaaaaaaaaa"}"""
        );

        await host.Send("bills", new Bill(2));
        await host.Bus.Publish(new Bill(3));

        Assert.Equal(3, (await redis.Queue("bills")).Length);
        Assert.Equal([1, 2, 3], (await host.Jobs.AllEnqueued<Bill>()).Select(job => job.Message.Sum));
        await host.Jobs.Drain("bills");
        Assert.Equal([1, 2, 3], seen.All.Select(bill => bill.Sum));
        Assert.Empty(await redis.Queue("bills"));
        Assert.DoesNotContain(await redis.Keys(), key => key.Contains("working", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Failed_job_is_in_the_retry_set_of_Redis_and_dies_there()
    {
        await using var redis = await RedisServer.Lease();
        await using var host = await Start(
            redis,
            endpoint => endpoint.Handler<Bill>(_ => throw new InvalidOperationException("Too much."))
        );
        await host.Send("bills", new Bill(1), x => x.Job(job => job.Retry = 1));

        await Assert.ThrowsAsync<SidekiqTestException>(() => host.Jobs.Drain());
        Assert.Single(await redis.RetrySet());
        var last = Assert.Single(await host.Jobs.RunRetries(throwOnFailure: false));

        Assert.Equal(SidekiqOutcome.Dead, last.Outcome);
        Assert.Empty(await redis.RetrySet());
        Assert.Single(await redis.DeadSet());
    }

    [Fact]
    public async Task Scheduled_job_runs_when_asked_and_clear_removes_all()
    {
        await using var redis = await RedisServer.Lease();
        await using var host = await Start(redis, endpoint => endpoint.Note(seen));
        await host.Send("bills", new Bill(1), x => x.Delay = TimeSpan.FromHours(1));
        await host.Send("of-ruby", new Bill(2));

        Assert.NotNull((await host.Jobs.Enqueued<Bill>(bill => bill.Sum == 1)).At);
        await host.Jobs.RunScheduled();
        Assert.Equal([1], seen.All.Select(bill => bill.Sum));
        (await host.Jobs.Enqueued<Bill>()).OnQueue("of-ruby");
        await host.Jobs.Clear();
        Assert.Empty(await host.Jobs.Jobs());
    }

    [Fact]
    public async Task Request_gets_its_response_once_it_is_drained()
    {
        await using var redis = await RedisServer.Lease();
        await using var host = await Start(
            redis,
            endpoint => endpoint.Handler<Bill>(context => context.RespondAsync(new Receipt(context.Message.Sum))),
            x => x.AddRequestClient<Bill>(new Uri("queue:bills"))
        );
        await using var scope = host.Services.CreateAsyncScope();
        var client = scope.ServiceProvider.GetRequiredService<IRequestClient<Bill>>();

        var asking = client.GetResponse<Receipt>(new Bill(4));
        await Until(async () => (await host.Jobs.AllEnqueued<Bill>()).Count == 1);
        await host.Jobs.Drain();

        Assert.Equal(4, (await asking.InTime()).Message.Sum);
    }

    static Task<TestedHost> Start(
        RedisDatabase redis,
        Action<ISidekiqReceiveEndpointConfigurator> endpoint,
        Action<IBusRegistrationConfigurator>? register = null
    ) =>
        TestedHost.Start(
            SidekiqTestMode.Redis,
            register,
            (_, cfg) =>
            {
                cfg.Host(redis.Url);
                cfg.ReceiveEndpoint("bills", endpoint);
            }
        );

    [SidekiqJob("Bill")]
    public sealed record Bill(int Sum);

    public sealed record Receipt(int Sum);
}
