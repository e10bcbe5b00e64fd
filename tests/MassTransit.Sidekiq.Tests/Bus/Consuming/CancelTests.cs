using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>A job is cancelled where it waits, and where it runs.</summary>
public sealed class CancelTests(ITestOutputHelper output)
{
    const string Class = "MassTransit::Sidekiq::Tests::SubmitOrder";

    static readonly CancellationToken never = CancellationToken.None;

    [Fact]
    public async Task Job_that_waits_is_removed_from_its_queue_its_retry_or_its_schedule()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        await redis.SeedQueue("orders", Job(1, "aa1"), Job(2, "aa2"));
        await redis.SeedRetrySet(Job(3, "aa3"), TestClock.Start.AddYears(1));
        await redis.SeedScheduledSet(Job(4, "aa4"), TestClock.Start.AddYears(1));

        foreach (var jid in new[] { "aa1", "aa3", "aa4" })
        {
            Assert.Equal(SidekiqCancellation.Removed, await Inspector(bus).Cancel(jid, never));
            Assert.False(await redis.Db.KeyExistsAsync("it-" + jid));
        }

        Assert.Equal([Job(2, "aa2")], await redis.Queue("orders"));
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.ScheduledSet());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Job_that_runs_in_another_process_is_stopped_and_neither_retried_nor_a_fault(bool failsOtherwise)
    {
        await using var redis = await RedisServer.Lease();
        var (started, ended, faults) = (new Seen<int>(), new Seen<bool>(), new Seen<Fault<SubmitOrder>>());
        await using var worker = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint("orders", e => e.Handler<SubmitOrder>(Work));
                cfg.ReceiveEndpoint("faults", e => e.Note(faults));
            }
        );
        await using var other = await TestBus.Start(redis, output);
        await redis.SeedQueue("orders", Job(1, "bb1"));
        Assert.Equal(1, await started.Next());
        await redis.Until(async _ => (await Inspector(other).Work(never)).Any(work => work.Job?.Jid == "bb1"));

        Assert.Equal(SidekiqCancellation.Requested, await Inspector(other).Cancel("bb1", never));

        Assert.True(await ended.Next());
        await Settled(redis);
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.DeadSet());
        Assert.Empty(faults.All);
        Assert.Contains(worker.Log, line => line.Contains("bb1", StringComparison.Ordinal) && IsTold(line));
        Assert.DoesNotContain(worker.Log, line => line.StartsWith("Error", StringComparison.Ordinal));

        async Task Work(ConsumeContext<SubmitOrder> context)
        {
            started.Add(context.Message.OrderId);
            try
            {
                var cancelled = new TaskCompletionSource();
                await using var _ = context.CancellationToken.Register(cancelled.SetResult);
                await cancelled.Task;
                if (failsOtherwise)
                {
                    throw new InvalidOperationException("in the middle of it");
                }

                context.CancellationToken.ThrowIfCancellationRequested();
            }
            finally
            {
                ended.Add(context.CancellationToken.IsCancellationRequested);
            }
        }
    }

    [Fact]
    public async Task Job_that_ends_well_although_it_was_cancelled_is_done_and_may_be_sent_again()
    {
        await using var redis = await RedisServer.Lease();
        var (started, ended) = (new Seen<int>(), new Seen<int>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                        e.Handler<SubmitOrder>(async context =>
                        {
                            started.Add(context.Message.OrderId);
                            if (started.All.Count == 1)
                            {
                                var cancelled = new TaskCompletionSource();
                                await using var _ = context.CancellationToken.Register(cancelled.SetResult);
                                await cancelled.Task;
                            }

                            ended.Add(context.Message.OrderId);
                        })
                )
        );
        await redis.SeedQueue("orders", Job(1, "cc1"));
        await started.Next();

        // As Ruby's cancel! does.
        await redis.Db.HashSetAsync("it-cc1", "cancelled", Seconds());
        Assert.Equal(1, await ended.Next());
        await Settled(redis);

        await redis.SeedQueue("orders", Job(2, "cc1"));
        Assert.Equal(2, await ended.Next());
    }

    [Fact]
    public async Task Job_that_is_nowhere_is_told_to_be_so()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        Assert.Equal(SidekiqCancellation.NotFound, await Inspector(bus).Cancel("dd1", never));

        // It may be on its way between two places: then the mark ends it where it runs.
        Assert.InRange(
            (await redis.Db.KeyTimeToLiveAsync("it-dd1"))!.Value,
            TimeSpan.FromDays(29),
            TimeSpan.FromDays(30)
        );
    }

    static bool IsTold(string line) =>
        line.StartsWith("Information: Job ", StringComparison.Ordinal)
        && line.Contains("was cancelled", StringComparison.Ordinal);

    static ISidekiqInspector Inspector(TestBus bus) => bus.Services.GetRequiredService<ISidekiqInspector>();

    static Task Settled(RedisDatabase redis) =>
        redis.Until(async state =>
            !(await state.Keys()).Any(key =>
                key.StartsWith("mt:working", StringComparison.Ordinal)
                || key.StartsWith("it-", StringComparison.Ordinal)
            )
        );

    static string Job(int order, string jid) =>
        $$"""{"class":"{{Class}}","args":[{"orderId":{{order}}}],"queue":"orders","jid":"{{jid}}","retry":true}""";

    static string Seconds() => DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
}
