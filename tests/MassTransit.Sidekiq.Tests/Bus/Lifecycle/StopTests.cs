using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>An orderly stop with jobs that do not end.</summary>
public sealed class StopTests(ITestOutputHelper output)
{
    static readonly TimeSpan lease = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task Job_that_outlives_three_stops_is_not_taken_for_poison()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue(
            "orders",
            """{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":1}],"jid":"j1d"}"""
        );

        for (var stop = 1; stop <= 3; stop++)
        {
            var (started, finish) = (new Seen<int>(), new TaskCompletionSource());
            var bus = await Start(
                redis,
                context =>
                {
                    started.Add(context.Message.OrderId);
                    return finish.Task;
                }
            );
            Assert.Equal(1, await started.Next());

            // The host's own limit, which a job that ignores its cancellation reaches.
            using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            var stopping = bus.Services.GetRequiredService<IBusControl>().StopAsync(limit.Token);
            await redis.Until(async state => (await state.Queue("orders")).Length == 1);
            finish.SetResult();
            await ((Task)stopping.ContinueWith(_ => { }, TaskScheduler.Default)).InTime();
            await bus.DisposeAsync().AsTask().ContinueWith(_ => { }, TaskScheduler.Default).InTime();
        }

        Assert.Single(await redis.Queue("orders"));
        Assert.Empty(await redis.DeadSet());
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("mt:poison", StringComparison.Ordinal));
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("mt:working", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Callback_on_a_cancelled_token_that_throws_or_blocks_keeps_no_job(bool blocks)
    {
        await using var redis = await RedisServer.Lease();
        var started = new Seen<int>();
        using var release = new ManualResetEventSlim();
        var bus = await Start(
            redis,
            async context =>
            {
                context.CancellationToken.Register(() =>
                {
                    if (blocks && context.Message.OrderId == 0)
                    {
                        release.Wait();
                    }

                    throw new InvalidOperationException("thrown by a callback");
                });
                started.Add(context.Message.OrderId);
                await new TaskCompletionSource().Task.WaitAsync(context.CancellationToken);
            }
        );
        for (var order = 0; order < 4; order++)
        {
            await bus.Send("orders", new SubmitOrder(order));
        }

        await started.Next(4);
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        var stopping = bus.Services.GetRequiredService<IBusControl>().StopAsync(limit.Token);

        await redis.Until(async state => (await state.Queue("orders")).Length == 4);
        release.Set();
        await stopping.ContinueWith(_ => { }, TaskScheduler.Default).InTime();
        await bus.DisposeAsync().AsTask().ContinueWith(_ => { }, TaskScheduler.Default).InTime();
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("mt:working", StringComparison.Ordinal));
        Assert.DoesNotContain(bus.Log, line => line.Contains("Endpoint cannot run", StringComparison.Ordinal));
        Assert.Contains(bus.Log, line => line.Contains("thrown by a callback", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Live_process_keeps_its_jobs_when_Redis_was_away_for_longer_than_a_lease()
    {
        await using var redis = await RedisServer.StartOwn(new RedisServerOptions { AppendOnly = true });
        var (started, finish) = (new Seen<int>(), new TaskCompletionSource());
        Func<ConsumeContext<SubmitOrder>, Task> work = context =>
        {
            started.Add(context.Message.OrderId);
            return finish.Task;
        };
        // Either rescues the other's jobs when its lease has ended.
        await using var one = await Start(redis.Open(), work, lease);
        await using var two = await Start(redis.Open(), work, lease);
        for (var order = 0; order < 10; order++)
        {
            await one.Send("orders", new SubmitOrder(order));
        }

        await started.Next(10);
        await redis.Stop();
        await Until(() => one.Log.Any(IsLost) && two.Log.Any(IsLost));
        await Pass(lease * 1.5);
        await redis.Restart();
        await Until(() => one.Log.Any(IsBack) && two.Log.Any(IsBack));
        await Pass(lease * 1.5);
        finish.SetResult();

        await redis
            .Open()
            .Until(async state =>
                !(await state.Keys()).Any(key => key.StartsWith("mt:working", StringComparison.Ordinal))
            );
        Assert.Equal(10, started.All.Count);
        Assert.DoesNotContain(one.Log.Concat(two.Log), line => line.Contains("Rescued", StringComparison.Ordinal));
    }

    // Redis' own clock ends leases, whatever the tests do.
    static Task Pass(TimeSpan time)
    {
        var started = Stopwatch.GetTimestamp();
        return Until(() => Stopwatch.GetElapsedTime(started) > time);
    }

    static bool IsLost(string line) => line.Contains("Redis lost at", StringComparison.Ordinal);

    static bool IsBack(string line) => line.Contains("Redis back at", StringComparison.Ordinal);

    Task<TestBus> Start(RedisDatabase redis, Func<ConsumeContext<SubmitOrder>, Task> work, TimeSpan? life = null) =>
        TestBus.Start(
            redis,
            output,
            x =>
                x.AddOptions<MassTransitHostOptions>()
                    .Configure(options => options.ConsumerStopTimeout = TimeSpan.FromMilliseconds(50)),
            (_, cfg) =>
            {
                cfg.Host(redis.Url, host => ((SidekiqHostSettings)host).Lease = life ?? TimeSpan.FromSeconds(15));
                cfg.ReceiveEndpoint("orders", e => e.Handler<SubmitOrder>(context => work(context)));
            }
        );
}
