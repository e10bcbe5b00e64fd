using System.Collections.Concurrent;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>A process that claims ahead keeps no job from another that is idle.</summary>
public sealed class FairnessTests(ITestOutputHelper output)
{
    const int Workers = 16;
    const int QuickJobs = 2000;
    const int SlowJobs = 40;

    [Theory]
    [InlineData(0)]
    [InlineData(25)]
    public async Task Slow_jobs_that_were_claimed_at_the_pace_of_quick_ones_are_left_to_an_idle_Ruby(int milliseconds)
    {
        await using var server = await RedisServer.StartOwn();
        await using var line = new SlowLine(server.Port, TimeSpan.FromMilliseconds(milliseconds));
        var redis = server.Open();
        var (quick, slow) = (new Inbox<OkJob>(), new ConcurrentQueue<string>());
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await Push(redis, QuickJobs, _ => "quick");
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Host($"redis://127.0.0.1:{line.Port}/0");
                cfg.ReceiveEndpoint(
                    "shared",
                    e =>
                    {
                        e.ConcurrentMessageLimit = Workers;
                        e.Handler<OkJob>(context =>
                            context.GetJob().Jid == "quick" ? quick.Receive(context) : Hold(context, slow, end.Task)
                        );
                    }
                );
            }
        );
        for (var job = 0; job < QuickJobs; job++)
        {
            await quick.Next();
        }

        await using var ruby = await RubySidekiq.Start(Far(line), "jobs.rb", ["shared"], concurrency: 8);
        await Push(redis, SlowJobs, number => $"slow{number}");
        try
        {
            // None of ours ends meanwhile.
            await redis.Until(async state => slow.Count + await state.Db.ListLengthAsync("ran") >= SlowJobs);
            var others = await redis.Ran(SlowJobs - slow.Count);
            Assert.Equal(
                Enumerable.Range(0, SlowJobs).Select(number => $"slow{number}").Order(StringComparer.Ordinal),
                others.Select(run => run.Jid).Concat(slow).Order(StringComparer.Ordinal)
            );
        }
        finally
        {
            end.SetResult();
        }
    }

    static Task Hold(ConsumeContext<OkJob> context, ConcurrentQueue<string> slow, Task end)
    {
        slow.Enqueue(context.GetJob().Jid!);
        return end;
    }

    // As Ruby sees it.
    static RedisDatabase Far(SlowLine line) =>
        new(
            () => throw new NotSupportedException(),
            new RedisAddress("127.0.0.1", line.Port, null),
            database: 0,
            () => ValueTask.CompletedTask
        );

    static Task Push(RedisDatabase redis, int count, Func<int, string> jid) =>
        redis.Db.ListLeftPushAsync(
            "queue:shared",
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(number =>
                        (RedisValue)
                            $$"""{"class":"OkJob","args":[{}],"queue":"shared","retry":true,"jid":"{{jid(number)}}"}"""
                    ),
            ]
        );

    [SidekiqJob("OkJob")]
    public sealed record OkJob;
}
