using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests;

/// <summary>A Redis that is 50 ms away.</summary>
public sealed class FarRedisTests(ITestOutputHelper output)
{
    const int Jobs = 500;

    [Fact]
    public async Task Workers_do_not_wait_for_a_round_trip_between_two_jobs()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var line = new SlowLine(redis.Port, TimeSpan.FromMilliseconds(25));
        await redis
            .Open()
            .SeedQueue(
                "orders",
                [
                    .. Enumerable
                        .Range(0, Jobs)
                        .Select(order =>
                            $$"""{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":{{order}}}],"jid":"j{{order}}"}"""
                        ),
                ]
            );
        var seen = new Seen<int>();
        await using var bus = await TestBus.Start(
            redis.Open(),
            output,
            configure: (_, cfg) =>
            {
                cfg.Host($"redis://127.0.0.1:{line.Port}/0");
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 16;
                        e.Handler<SubmitOrder>(async context =>
                        {
                            // As long as a short job takes.
#pragma warning disable RS0030
                            await Task.Delay(5, context.CancellationToken);
#pragma warning restore RS0030
                            seen.Add(context.Message.OrderId);
                        });
                    }
                );
            }
        );

        await seen.Next(Jobs);
        await redis.Open().Until(async state => !(await state.Keys()).Any(IsClaim));
        var steps = await redis.Calls("evalsha");

        // Two for each 16 jobs would be 62; some more are the start, the heartbeat and the acknowledgement of the last jobs.
        Assert.InRange(steps, 1, 45);
    }

    static bool IsClaim(string key) => key.StartsWith("mt:working", StringComparison.Ordinal);
}
