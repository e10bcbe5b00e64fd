using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests;

/// <summary>A Redis that is 50 ms away.</summary>
public sealed class FarRedisTests(ITestOutputHelper output)
{
    const int Jobs = 1000;
    const int Workers = 16;

    [Fact]
    public async Task Workers_do_not_wait_for_a_round_trip_between_two_jobs_and_few_are_claimed_ahead()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var line = new SlowLine(redis.Port, TimeSpan.FromMilliseconds(25));
        await redis.Open().SeedQueue("orders", [.. Enumerable.Range(0, Jobs).Select(Job)]);
        var runs = new Seen<Run>();
        var claimed = new Seen<long>();
        await using var bus = await TestBus.Start(
            redis.Open(),
            output,
            configure: (_, cfg) =>
            {
                cfg.Host($"redis://127.0.0.1:{line.Port}/0");
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.ConcurrentMessageLimit = Workers;
                        e.Handler<SubmitOrder>(async context =>
                        {
                            var began = TimeProvider.System.GetTimestamp();
                            await ShortWork(context.CancellationToken);
                            if (context.Message.OrderId % 50 == 0)
                            {
                                claimed.Add(await Claimed(redis.Open()));
                            }

                            runs.Add(new Run(began, TimeProvider.System.GetTimestamp()));
                        });
                    }
                );
            }
        );

        // The first claims know neither how long a job takes nor how far Redis is.
        var share = Busy([.. (await runs.Next(Jobs)).OrderBy(run => run.Ended).Skip(Jobs / 5)]);
        await redis.Open().Until(async state => await Claimed(state) == 0);
        var steps = await redis.Calls("evalsha");
        var most = claimed.All.Max();
        output.WriteLine($"Busy for {share:0.00} of the time, {steps} steps, {most} claimed at most");

        // With a pace that counts by the clock it was 0.5 to 0.68.
        Assert.InRange(share, 0.75, 1.01);

        // Two for each 16 jobs would be 125; some more are the start, the heartbeat and the acknowledgement of the last jobs.
        Assert.InRange(steps, 1, 70);

        // Those of two round trips, and those that are done and not yet acknowledged.
        Assert.InRange(most, 17, 600);
    }

    // Which part of their time the workers had a job.
    static double Busy(Run[] runs)
    {
        var span = TimeProvider.System.GetElapsedTime(runs[0].Ended, runs[^1].Ended);
        return runs.Skip(1).Sum(run => TimeProvider.System.GetElapsedTime(run.Began, run.Ended) / span) / Workers;
    }

    static string Job(int order) =>
        $$"""{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":{{order}}}],"jid":"j{{order}}"}""";

    static Task ShortWork(CancellationToken cancellationToken) =>
        // As long as a short job takes.
#pragma warning disable RS0030
        Task.Delay(5, cancellationToken);
#pragma warning restore RS0030

    static async Task<long> Claimed(RedisDatabase redis)
    {
        var claims = (await redis.Keys()).Where(key => key.StartsWith("mt:working", StringComparison.Ordinal));
        var counts = await Task.WhenAll(claims.Select(key => redis.Db.HashLengthAsync(key)));
        return counts.Sum();
    }

    sealed record Run(long Began, long Ended);
}
