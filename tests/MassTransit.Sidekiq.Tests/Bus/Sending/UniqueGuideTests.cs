namespace MassTransit.Sidekiq.Tests;

/// <summary>The code of docs/unique-jobs.md, as it stands there.</summary>
public sealed class UniqueGuideTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Jobs_of_the_guide_are_unique_as_it_says()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Job<SyncOrder>(job =>
                {
                    job.UniqueFor(TimeSpan.FromMinutes(10));
                    job.UniqueBy<SyncOrder>(m => m.OrderId);
                });
            }
        );
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:sync"));
        var order = new SyncOrder(7, "Ada");

        await endpoint.Send(order);

        SendContext? sent = null;
        await endpoint.Send(order, context => sent = context);
        if (sent!.TryGetPayload<JobConflict>(out var conflict))
        {
            output.WriteLine($"Job {conflict.Jid} is at it already.");
        }

        Assert.Equal("sync", conflict?.Queue);
        Assert.Single(await redis.Queue("sync"));
        await Assert.ThrowsAsync<JobNotUniqueException>(() =>
            endpoint.Send(order, x => x.Job(job => job.OnConflict = SidekiqConflict.Throw))
        );
    }

    sealed record SyncOrder(int OrderId, string Customer);
}
