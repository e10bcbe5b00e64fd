using Shop;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>Ruby and .NET respect each other's locks, and a lock whose job Ruby ended does not stay in the way.</summary>
public sealed class UniqueTests(ITestOutputHelper output)
{
    // As redis-rb sets it, in the format that is documented: compact JSON with sorted keys.
    const string Take = """
        require 'digest'
        key = 'sidekiq:unique:paid:Shop::OrderPaid:' + Digest::SHA256.hexdigest(JSON.generate([{'by' => 'Zoë', 'orderId' => 42}]))
        Sidekiq.redis { |redis| redis.call('SET', key, 'aa11', 'NX', 'PX', 60_000) }
        """;

    [Fact]
    public async Task Lock_that_Ruby_has_taken_keeps_a_job_of_NET_out_and_the_reverse()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        await Ruby.Eval(redis, Take + "; nil");

        // The job of the lock waits.
        await redis.SeedQueue("paid", """{"class":"Shop::OrderPaid","args":[],"jid":"aa11","queue":"paid"}""");
        Assert.Equal("aa11", (await Send(bus))!.Jid);

        await redis.Flush();
        Assert.Null(await Send(bus));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await Ruby.Eval(redis, Take)).ValueKind);
    }

    [Fact]
    public async Task Job_that_Ruby_has_removed_lets_the_next_one_in()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        Assert.Null(await Send(bus));

        Assert.NotNull(await Send(bus));
        await Ruby.Eval(redis, "Sidekiq::Queue.new('paid').each(&:delete); nil");

        // The search for the holder has a pause behind it, as long as it took times nine.
        await redis.Until(async _ => await Send(bus) is null);
        Assert.Single(await redis.Queue("paid"));
    }

    static async Task<JobConflict?> Send(TestBus bus)
    {
        SendContext? context = null;
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:paid"));
        await endpoint.Send(
            new OrderPaid(42, "Zoë"),
            x =>
            {
                context = x;
                x.Job(job => job.UniqueFor = TimeSpan.FromMinutes(10));
            },
            TestContext.Current.CancellationToken
        );

        return context!.TryGetPayload<JobConflict>(out var conflict) ? conflict : null;
    }
}
