using System.Text.Json;
using MassTransit.Sidekiq.Tests.Redis;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class DueJobTests(ITestOutputHelper output)
{
    // Of a process with an endpoint: lease, rescue, reconciliation, poll, heartbeat, periodic jobs, slots.
    const int Loops = 7;

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task Due_jobs_move_once_and_within_a_second_of_their_time(int processes)
    {
        const int Jobs = 300;
        await using var redis = await RedisServer.Lease();
        var clock = new FakeClock();
        var buses = await Task.WhenAll(
            Enumerable.Range(0, processes).Select(number => Start(redis, $"own-{number}", clock))
        );

        var now = clock.GetUtcNow();
        var entries = Enumerable
            .Range(0, Jobs)
            .Select(number => new SortedSetEntry(
                Job(number),
                SetEntry.ToScore(now.AddMilliseconds(1000 + (number * 5)))
            ))
            .ToArray();
        await redis.Db.SortedSetAddAsync("schedule", entries[..(Jobs / 2)]);
        await redis.Db.SortedSetAddAsync("retry", entries[(Jobs / 2)..]);
        while (await redis.Db.ListLengthAsync("queue:late") < Jobs)
        {
            // Time goes on when all loops of all processes sleep.
            await clock.Armed(Loops * processes).InTime();
            clock.Advance(TimeSpan.FromMilliseconds(50));
            Assert.InRange(clock.GetUtcNow() - now, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        }

        await clock.Armed(Loops * processes).InTime();
        Assert.False(
            clock.Armed((Loops * processes) + 1).IsCompleted,
            "There is a loop that this test does not wait for."
        );
        await Task.WhenAll(buses.Select(bus => bus.DisposeAsync().AsTask())).InTime();

        var moved = (await redis.Queue("late")).Select(job => JsonElement.Parse(job)).ToArray();
        var lags = moved.Select(job =>
            job.GetProperty("enqueued_at").GetDouble() - entries[job.GetProperty("args")[0].GetInt32()].Score
        );
        Assert.Equal(Jobs, moved.Length);
        Assert.Equal(Jobs, moved.Select(job => job.GetProperty("jid").GetString()).Distinct().Count());
        Assert.All(lags, lag => Assert.InRange(lag, 0, 1));
        Assert.Equal(0, await redis.Db.SortedSetLengthAsync("retry") + await redis.Db.SortedSetLengthAsync("schedule"));
    }

    [Fact]
    public async Task Cancellation_of_a_job_that_has_moved_to_its_queue_says_that_it_came_too_late()
    {
        await using var redis = await RedisServer.Lease();
        var log = new ListLogger();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x => x.AddSingleton<Microsoft.Extensions.Logging.ILoggerFactory>(new OneLog(log)),
            (_, cfg) => cfg.ReceiveEndpoint("own", e => e.Handler<SubmitOrder>(_ => Task.CompletedTask))
        );
        await using var scope = bus.Services.CreateAsyncScope();
        var scheduler = scope.ServiceProvider.GetRequiredService<IMessageScheduler>();
        var scheduled = await scheduler.ScheduleSend(
            new Uri("queue:elsewhere"),
            TimeSpan.FromMilliseconds(20),
            new SubmitOrder(1)
        );
        await redis.Until(async state => (await state.Queue("elsewhere")).Length == 1);

        await scheduler.CancelScheduledSend(scheduled.Destination, scheduled.TokenId);

        Assert.Single(await redis.Queue("elsewhere"));
        Assert.Single(
            log.Lines,
            line => line == $"Too late to cancel the job scheduled as {scheduled.TokenId}: it has left the schedule"
        );
    }

    [Fact]
    public async Task Members_that_are_no_jobs_are_set_aside_and_hold_up_nobody()
    {
        await using var redis = await RedisServer.Lease();
        string[] unreadable = ["no job", "[1]", """{"args":[]}""", """{"class":"A","args":5}""", "\ufeff{}"];
        var past = TimeProvider.System.GetUtcNow().AddMinutes(-5);
        foreach (var (member, number) in unreadable.Select((member, number) => (member, number)))
        {
            await redis.SeedScheduledSet(member, past.AddSeconds(number));
        }

        await redis.SeedScheduledSet(Job(1), past.AddMinutes(1));
        await using (await Start(redis, "own"))
        {
            await redis.Until(async state => (await state.Queue("late")).Length == 1);
        }

        Assert.Equal(
            unreadable.Order(StringComparer.Ordinal),
            (await redis.DeadSet()).Select(entry => entry.Job).Order(StringComparer.Ordinal)
        );
        Assert.Empty(await redis.ScheduledSet());
    }

    static string Job(int number) =>
        $$"""{"class":"A","args":[{{number}}],"queue":"late","jid":"{{number}}","retry":true}""";

    Task<TestBus> Start(RedisDatabase redis, string queue, TimeProvider? clock = null) =>
        TestBus.Start(
            redis,
            output,
            x => x.AddSingleton(clock ?? TimeProvider.System),
            (_, cfg) =>
            {
                cfg.Host(host => host.MovesRubyJobs = true);
                cfg.ReceiveEndpoint(queue, e => e.Handler<SubmitOrder>(_ => Task.CompletedTask));
            }
        );

    sealed class OneLog(Microsoft.Extensions.Logging.ILogger log) : Microsoft.Extensions.Logging.ILoggerFactory
    {
        public void AddProvider(Microsoft.Extensions.Logging.ILoggerProvider provider) { }

        public Microsoft.Extensions.Logging.ILogger CreateLogger(string categoryName) => log;

        public void Dispose() { }
    }
}
