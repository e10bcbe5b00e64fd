using MassTransit.Testing;

namespace MassTransit.Sidekiq.Tests;

/// <summary>
/// Whatever users plug in may throw. The job that meets it is settled (acknowledged, tried again or dead), the endpoint
/// goes on, the exception is in the log.
/// </summary>
public sealed class ThrowingExtensionsTests(ITestOutputHelper output)
{
    public static TheoryData<string> PlugIns => [.. PlugIn.Names];

    [Theory]
    [MemberData(nameof(PlugIns))]
    public async Task Job_is_settled_and_the_endpoint_goes_on(string name)
    {
        await using var redis = await RedisServer.Lease();
        var plug = PlugIn.Of(name);
        var seen = new Seen<int>();
        using var listening = plug.Listen(plug);
        await using var bus = await TestBus.Start(
            redis,
            output,
            x => plug.Register(x, plug),
            (context, cfg) =>
            {
                plug.Bus(context, cfg, plug);
                cfg.ReceiveEndpoint(
                    plug.Queue,
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        plug.Endpoint(context, e, plug);
                        e.Handler<SubmitOrder>(async submitted =>
                        {
                            await plug.Consume(submitted);
                            seen.Add(submitted.Message.OrderId);
                            if (plug.IsOfFailures && submitted.Message.OrderId == 1)
                            {
                                throw new InvalidOperationException("the consumer failed");
                            }
                        });
                    }
                );
            }
        );
        plug.Connect(bus.Harness.Bus, plug);

        await redis.SeedQueue(plug.Queue, Job(plug.Class, plug.Args, plug.Metadata));
        await redis.Until(async state => await Rests(state, plug.Queue));
        var logged = plug.IsTheLog ? "the consumer failed" : plug.Text;
        await Eventually.Until(() => bus.Log.Any(line => line.Contains(logged, StringComparison.Ordinal)));
        plug.Disarm();
        await redis.SeedQueue(plug.Queue, Job("MassTransit::Sidekiq::Tests::SubmitOrder", """{"orderId":2}""", "{}"));

        await Eventually.Until(() => seen.All.Contains(2));
        await redis.Until(async state => await Rests(state, plug.Queue));
        await bus.Harness.Stop().InTime();
        Assert.DoesNotContain(bus.Log, line => line.Contains("Endpoint cannot run", StringComparison.Ordinal));
        Assert.Empty(await redis.Queue(plug.Queue));
    }

    static string Job(string type, string argument, string metadata) =>
        $$"""{"class":"{{type}}","args":[{{argument}}],"jid":"{{Guid.NewGuid():N}}","mt":{{metadata}}}""";

    static async Task<bool> Rests(RedisDatabase redis, string queue) =>
        !(await redis.Keys()).Any(key =>
            key == $"queue:{queue}" || key.StartsWith("mt:working", StringComparison.Ordinal)
        );
}
