using System.Diagnostics;
using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests;

/// <summary>What a process with more endpoints than anyone should have costs Redis, and how soon it starts a job.</summary>
public sealed class ManyEndpointsTests(ITestOutputHelper output)
{
    const int Endpoints = 200;

    [Fact]
    public async Task Two_hundred_endpoints_share_twelve_connections_and_start_an_idle_job_within_a_tenth_of_a_second()
    {
        await using var redis = await RedisServer.StartOwn();
        var seen = new Seen<SubmitOrder>();
        await using var bus = await Start(redis, seen);
        await Until(async () => await Connections(redis, " flags=b ") == 8);

        var latencies = new List<double>();
        for (var job = 0; job < 20; job++)
        {
            var started = Stopwatch.GetTimestamp();
            await redis.Open().SeedQueue($"queue-{Endpoints - 1 - job}", Job(job));
            Assert.Equal(job, (await seen.Next()).OrderId);
            latencies.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        latencies.Sort();
        output.WriteLine($"median {latencies[10]:F0} ms, slowest {latencies[^1]:F0} ms");
        Assert.True(latencies[10] < 100, $"{latencies[10]} ms");
        Assert.True(await Connections(redis, " name=masstransit") <= 12, await redis.Clients());
    }

    [Fact]
    public async Task Two_hundred_idle_endpoints_send_less_than_twenty_commands_a_second()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var bus = await Start(redis, new Seen<SubmitOrder>());
        await Until(async () => await Connections(redis, " flags=b ") == 8);
        // What they declare at their start is over when nobody declares any more.
        var declared = -1L;
        await Until(async () => declared == (declared = await redis.Calls("sadd")));

        var (before, started) = (await Commands(redis), Stopwatch.GetTimestamp());
        await Until(() => Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(10));
        var rate = (await Commands(redis) - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;

        output.WriteLine($"{rate:F1} commands/s");
        Assert.True(rate < 20, $"{rate} commands/s");
    }

    [Fact]
    public async Task Queue_without_a_waiting_connection_is_served_as_the_others()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<SubmitOrder>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Host(redis.Url, host => host.MaxWaitingConnections = 0);
                cfg.ReceiveEndpoint("orders", e => e.Note(seen));
            }
        );

        for (var job = 0; job < 50; job++)
        {
            await bus.Send("orders", new SubmitOrder(job));
        }

        var orders = await seen.Next(50);
        Assert.Equal(Enumerable.Range(0, 50), orders.Select(order => order.OrderId).Order());
    }

    Task<TestBus> Start(RedisServer redis, Seen<SubmitOrder> seen) =>
        TestBus.Start(
            redis.Open(),
            output,
            configure: (_, cfg) =>
            {
                for (var endpoint = 0; endpoint < Endpoints; endpoint++)
                {
                    cfg.ReceiveEndpoint($"queue-{endpoint}", e => e.Note(seen));
                }
            }
        );

    static string Job(int number) =>
        $$$"""{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":{{{number}}}}],"jid":"{{{number:x24}}}"}""";

    static async Task<int> Connections(RedisServer redis, string text) =>
        (await redis.Clients()).Split('\n').Count(client => client.Contains(text, StringComparison.Ordinal));

    static async Task<long> Commands(RedisServer redis)
    {
        var calls = await redis.Calls();
        calls.Remove("info");
        calls.Remove("ping");
        return calls.Values.Sum();
    }
}
