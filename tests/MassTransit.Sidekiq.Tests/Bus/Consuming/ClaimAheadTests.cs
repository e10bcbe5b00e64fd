using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests;

/// <summary>Jobs that were claimed at the pace of quick ones and turn out to be slow.</summary>
public sealed class ClaimAheadTests(ITestOutputHelper output) : IDisposable
{
    const int Workers = 4;

    // One in a millisecond for each worker, so that eight are claimed ahead: as many as end within 4 ms.
    static readonly TimeSpan quick = TimeSpan.FromMilliseconds(2);

    static readonly TimeSpan quarter = TimeSpan.FromMilliseconds(250);

    // What jobs are claimed ahead for: 4 ms, or longer on a machine that is slow to answer.
    static readonly TimeSpan longestHorizon = TimeSpan.FromMilliseconds(201);

    readonly FakeClock clock = new();
    readonly Seen<SubmitOrder> started = new();
    readonly SemaphoreSlim ends = new(0);

    [Theory]
    [InlineData(12)] // As many as are claimed: the fetcher waits for a worker.
    [InlineData(8)] // Fewer: it waits for a job.
    public async Task Jobs_that_no_worker_starts_go_back_in_order(int jobs)
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Bus(redis);
        await ClaimAhead(redis, jobs);
        try
        {
            clock.Advance(quarter - TimeSpan.FromMilliseconds(1));
            Assert.Empty(await redis.Queue("orders"));
            clock.Advance(longestHorizon);
            await redis.Until(async state => (await state.Queue("orders")).Length > 0);
            Assert.Equal(Enumerable.Range(Workers + 1, jobs - Workers), await Queued(redis));
        }
        finally
        {
            ends.Release(jobs);
        }

        await started.Next(jobs - Workers);
        await redis.Until(async state => await Claimed(state) == 0);
        Assert.Equal(Enumerable.Range(1, jobs), Started().Order());
    }

    [Fact]
    public async Task Jobs_that_are_too_many_go_back_though_a_job_ends_now_and_then()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Bus(redis);
        await ClaimAhead(redis, 12);
        try
        {
            clock.Advance(quarter - TimeSpan.FromMilliseconds(1));
            ends.Release();
            await started.Next();
            clock.Advance(longestHorizon);
            await redis.Until(async state => (await state.Queue("orders")).Length > 0);

            // Five in a second: on a machine that is so slow that Redis seems far away, four of them within two round trips.
            var queued = await Queued(redis);
            Assert.InRange(queued.Length, 3, 7);
            Assert.Equal(Enumerable.Range(13 - queued.Length, queued.Length), queued);
        }
        finally
        {
            ends.Release(12);
        }

        await started.Next(7);
        await redis.Until(async state => await Claimed(state) == 0);
        Assert.Equal(Enumerable.Range(1, 12), Started().Order());
    }

    // All jobs are claimed, and each worker has one.
    async Task ClaimAhead(RedisDatabase redis, int jobs)
    {
        await KnowQuickJobs(redis);
        await Push(redis, 1, jobs);
        await started.Next(Workers);
        await redis.Until(async state => await Claimed(state) == jobs);
    }

    static async Task<int[]> Queued(RedisDatabase redis) => [.. (await redis.Queue("orders")).Select(OrderId)];

    IEnumerable<int> Started() => started.All.Select(order => order.OrderId).Where(id => id > 0);

    public void Dispose() => ends.Dispose();

    Task<TestBus> Bus(RedisDatabase redis) =>
        TestBus.Start(
            redis,
            output,
            x => x.AddSingleton<TimeProvider>(clock),
            (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.ConcurrentMessageLimit = Workers;
                        e.Handler<SubmitOrder>(async context =>
                        {
                            started.Add(context.Message);
                            await ends.WaitAsync(context.CancellationToken);
                        });
                    }
                )
        );

    async Task KnowQuickJobs(RedisDatabase redis)
    {
        await Push(redis, 0, Workers);
        await started.Next(Workers);
        clock.Advance(quick);
        ends.Release(Workers);
        await redis.Until(async state => await Claimed(state) == 0);
        // The pace is looked at again after such a time.
        clock.Advance(quick);
    }

    // Ids that count up, or 0 for all.
    static Task Push(RedisDatabase redis, int first, int count) =>
        redis.Db.ListLeftPushAsync(
            "queue:orders",
            [.. Enumerable.Range(0, count).Select(i => (RedisValue)Job(first == 0 ? 0 : first + i))]
        );

    static string Job(int order) =>
        $$"""{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":{{order}}}],"jid":"j{{order}}"}""";

    static int OrderId(string job) => JsonElement.Parse(job).GetProperty("args")[0].GetProperty("orderId").GetInt32();

    static async Task<long> Claimed(RedisDatabase redis)
    {
        var claims = (await redis.Keys()).Where(key => key.StartsWith("mt:working", StringComparison.Ordinal));
        var counts = await Task.WhenAll(claims.Select(key => redis.Db.HashLengthAsync(key)));
        return counts.Sum();
    }
}
