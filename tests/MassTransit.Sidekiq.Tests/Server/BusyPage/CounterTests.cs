using MassTransit.Sidekiq.Tests.Redis;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class CounterTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Each_job_is_counted_once_in_a_life_without_a_crash()
    {
        await using var redis = await RedisServer.Lease();
        await using (var bus = await Start(redis))
        {
            var client = bus.Harness.GetRequestClient<Ask>();
            await Task.WhenAll(
                Enumerable.Range(0, 1000).Select(number => bus.Send("work", new Work(number, Fails: number % 10 == 0)))
            );
            await client.GetResponse<Answer>(new Ask()).InTime();
            await redis.SeedQueue(
                "work",
                """{"class":"Nobody::Knows","args":[],"jid":"a","retry":true}""",
                """{"class":"Nobody::Cares","args":[],"jid":"b","retry":false}""",
                "{not json"
            );
            await redis.Until(async state =>
                await state.Db.SortedSetLengthAsync("retry") == 101
                && await state.Db.SortedSetLengthAsync("dead") == 1
                && await state.Db.ListLengthAsync("queue:work") == 0
            );
        }

        Assert.Equal(1003, await redis.Db.StringGetAsync("stat:processed"));
        Assert.Equal(102, await redis.Db.StringGetAsync("stat:failed"));
        Assert.Equal((1000, 100), await Metrics(redis, nameof(Work)));
        Assert.Equal((1, 0), await Metrics(redis, nameof(Ask)));
        Assert.Equal((0, 0), await Metrics(redis, "Knows"));
        Assert.DoesNotContain(
            await redis.Keys(),
            key => key.Contains(Environment.MachineName, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Fractions_of_a_millisecond_add_up()
    {
        await using var steps = await RedisSteps.Open();
        var tally = new JobTally(new StatStore(steps.Connection, steps.Keys));

        for (var job = 0; job < 1000; job++)
        {
            tally.Ran("Fast", TimeSpan.FromMicroseconds(750), hasFailed: false);
            if (job % 3 == 0)
            {
                await tally.Flush(RedisSteps.Now);
            }
        }

        await tally.Flush(RedisSteps.Now);
        var minute = (await steps.Redis.Keys()).First(key => key.StartsWith("j|20", StringComparison.Ordinal));
        Assert.Equal(750, await steps.Redis.Db.HashGetAsync(minute, "Fast|ms"));
    }

    [Fact]
    public async Task Job_that_goes_back_to_its_queue_is_not_counted()
    {
        await using var redis = await RedisServer.Lease();
        var started = new Seen<int>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            // The last second that a cancelled job has does not pass.
            x => x.AddSingleton<TimeProvider>(new FakeClock()),
            (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "work",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.Handler<Work>(async context =>
                        {
                            started.Add(context.Message.Number);
                            await new TaskCompletionSource().Task.WaitAsync(context.CancellationToken);
                        });
                    }
                )
        );
        await bus.Send("work", new Work(1, Fails: false));
        await started.Next();

        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await bus.Services.GetRequiredService<IBusControl>().StopAsync(now.Token).InTime();

        Assert.Single(await redis.Queue("work"));
        Assert.False(await redis.Db.KeyExistsAsync("stat:processed"));
    }

    [Fact]
    public async Task Process_stops_and_leaves_the_page_though_its_counters_are_refused()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.ListLeftPushAsync("stat:processed", "no counter");
        await using (var bus = await Start(redis))
        {
            await redis.Until(async state => await state.Db.SetLengthAsync("processes") == 1);
            await bus.Send("work", new Work(1, Fails: true));
            await redis.Until(async state => (await state.RetrySet()).Length == 1);
        }

        Assert.False(await redis.Db.KeyExistsAsync("processes"));
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("mt:alive", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Signal_is_obeyed_though_the_counters_are_refused()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.StringSetAsync("stat:processed", "no number");
        await using var bus = await Start(redis);
        await bus.Send("work", new Work(1, Fails: true));
        await redis.Until(async state => (await state.RetrySet()).Length == 1);
        var identity = (string)(await redis.Db.SetMembersAsync("processes"))[0]!;

        await redis.Db.ListLeftPushAsync($"{identity}-signals", "TSTP");
        await redis.Until(async state => await state.Db.HashGetAsync(identity, "quiet") == "true");

        Assert.Single(
            bus.Log,
            line => line.Contains("Redis refuses the counters of this process", StringComparison.Ordinal)
        );
    }

    Task<TestBus> Start(RedisDatabase redis) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "work",
                    e =>
                    {
                        // Later than any test ends: an attempt more would be counted as well.
                        e.UseSidekiqRetry(r => r.RetryIn((_, _) => TimeSpan.FromHours(1)));
                        e.Handler<Work>(context =>
                            context.Message.Fails
                                ? throw new InvalidOperationException("on purpose")
                                : Task.CompletedTask
                        );
                        e.Handler<Ask>(context => context.RespondAsync(new Answer()));
                    }
                )
        );

    // The sums over all minutes, since a test may run across the end of one.
    static async Task<(long Processed, long Failed)> Metrics(RedisDatabase redis, string type)
    {
        var (processed, failed) = (0L, 0L);
        foreach (var key in (await redis.Keys()).Where(key => key.StartsWith("j|20", StringComparison.Ordinal)))
        {
            foreach (var field in await redis.Db.HashGetAllAsync(key))
            {
                processed += $"{field.Name}".EndsWith($"::{type}|p", StringComparison.Ordinal) ? (long)field.Value : 0;
                failed += $"{field.Name}".EndsWith($"::{type}|f", StringComparison.Ordinal) ? (long)field.Value : 0;
            }
        }

        return (processed, failed);
    }

    public sealed record Work(int Number, bool Fails);

    public sealed record Ask;

    public sealed record Answer;
}
