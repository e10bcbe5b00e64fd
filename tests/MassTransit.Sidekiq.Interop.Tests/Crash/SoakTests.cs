using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Shop;

namespace MassTransit.Sidekiq.Interop.Tests.Crash;

/// <summary>Hours of a process's life in seconds: its periods are a hundred to three hundred times shorter.</summary>
[Collection(nameof(Alone))]
public sealed class SoakTests(ITestOutputHelper output)
{
    static readonly Uri soak = new("queue:soak");
    static readonly TimeSpan warmUp = TimeSpan.FromSeconds(6);
    static readonly TimeSpan life = TimeSpan.FromSeconds(24);

    [Fact]
    public async Task Two_hours_leave_neither_memory_nor_keys_nor_lost_exceptions_behind()
    {
        // What tests before this one left is none of it.
        Memory();
        var unobserved = new List<Exception>();
        EventHandler<UnobservedTaskExceptionEventArgs> note = (_, lost) => unobserved.Add(lost.Exception);
        TaskScheduler.UnobservedTaskException += note;
        await using var redis = await RedisServer.Lease();
        var handled = 0;
        await using var services = Services(redis, () => Interlocked.Increment(ref handled));
        var bus = services.GetRequiredService<IBusControl>();
        await bus.StartAsync(TestContext.Current.CancellationToken).InTime();
        try
        {
            await Live(services, warmUp);
            var (before, keysBefore) = (Memory(), await Keys(redis));
            await Live(services, life);
            var (after, keysAfter) = (Memory(), await Keys(redis));

            output.WriteLine(
                $"{handled} jobs; memory {before / 1024} -> {after / 1024} KB, keys {keysBefore} -> {keysAfter}"
            );
            Assert.InRange(after - before, long.MinValue, 3 * 1024 * 1024);
            // Job metrics have keys for each minute and ten minutes.
            Assert.InRange(keysAfter - keysBefore, int.MinValue, 40);
            Assert.Empty(unobserved);
            Assert.True(handled > 1000, $"Only {handled} jobs ran.");
        }
        finally
        {
            await bus.StopAsync(CancellationToken.None).InTime();
            TaskScheduler.UnobservedTaskException -= note;
        }
    }

    // Work as it comes: sends, failures that are retried, schedules and their cancellations, requests, a look at everything.
    static async Task Live(IServiceProvider services, TimeSpan time)
    {
        var inspector = services.GetRequiredService<ISidekiqInspector>();
        var bus = services.GetRequiredService<IBus>();
        var endpoint = await bus.GetSendEndpoint(soak);
        var client = bus.CreateRequestClient<DeadJob>(soak);
        var started = Stopwatch.GetTimestamp();
        for (var number = 0; Stopwatch.GetElapsedTime(started) < time; number++)
        {
            await endpoint.Send(new OrderPaid(number));
            await using var scope = services.CreateAsyncScope();
            var scheduler = scope.ServiceProvider.GetRequiredService<IMessageScheduler>();
            var later = await scheduler.ScheduleSend(soak, TimeSpan.FromHours(1), new OrderPaid(-1));
            await scheduler.CancelScheduledSend(later.Destination, later.TokenId);
            await scheduler.ScheduleSend(soak, TimeSpan.FromMilliseconds(5), new OrderPaid(number));
            if (number % 10 == 0)
            {
                await endpoint.Send(new FailingJob("soak"));
                await inspector.RetrySet.RetryAll();
                await inspector.DeadSet.Clear();
                await inspector.Stats();
                await client.GetResponse<OrderPaid>(new DeadJob("asks")).InTime();
            }
        }
    }

    // A token outlives its job by a day, so that a late cancellation finds that the job is gone. A job that was rescued,
    // since the machine stood still for longer than the short lease, is remembered for three.
    static async Task<int> Keys(RedisDatabase redis) =>
        (await redis.Keys()).Count(key =>
            !key.StartsWith("mt:token:", StringComparison.Ordinal)
            && !key.StartsWith("mt:poison:", StringComparison.Ordinal)
        );

    static long Memory()
    {
        for (var time = 0; time < 3; time++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    // Without MassTransit's harness, which keeps every message it has seen.
    static ServiceProvider Services(RedisDatabase redis, Action handled)
    {
        var services = new ServiceCollection();
        services.AddMassTransit(x =>
            x.UsingSidekiq(
                (_, cfg) =>
                {
                    cfg.Host(
                        redis.Url,
                        host =>
                        {
                            ((SidekiqHostSettings)host).Beat = TimeSpan.FromMilliseconds(20);
                            ((SidekiqHostSettings)host).Lease = TimeSpan.FromMilliseconds(500);
                        }
                    );
                    cfg.ReceiveEndpoint(
                        "soak",
                        e =>
                        {
                            e.Handler<OrderPaid>(_ =>
                            {
                                handled();
                                return Task.CompletedTask;
                            });
                            e.Handler<FailingJob>(_ => throw new InvalidOperationException("soak"));
                            e.Handler<DeadJob>(context => context.RespondAsync(new OrderPaid(1)));
                        }
                    );
                }
            )
        );

        return services.BuildServiceProvider();
    }
}
