using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests;

/// <summary>A Redis that is 50 ms away.</summary>
public sealed class FarRedisTests(ITestOutputHelper output)
{
    const int Jobs = 1000;
    const int Workers = 16;

    // A busy machine keeps workers waiting too, from a Redis nearby as well as from one far away.
    [Fact]
    public async Task Workers_do_not_wait_for_a_round_trip_between_two_jobs_and_few_are_claimed_ahead()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var line = new SlowLine(redis.Port, TimeSpan.FromMilliseconds(25));
        var near = await Run(redis, redis.Port, "near");
        var before = await redis.Calls("evalsha");
        var far = await Run(redis, line.Port, "far");
        var steps = await redis.Calls("evalsha") - before;
        output.WriteLine(
            $"Busy for {near.Share:0.00} and {far.Share:0.00} of the time, {steps} steps, {far.Most} claimed at most"
        );

        // With a pace that counts by the clock it was 0.5 to 0.68.
        Assert.InRange(far.Share / near.Share, 0.75, 1.5);

        // Two for each 16 jobs would be 125; some more are the start, the heartbeat and the acknowledgement of the last jobs.
        Assert.InRange(steps, 1, 70);

        // Those of two round trips, and those that are done and not yet acknowledged.
        Assert.InRange(far.Most, 17, 600);
    }

    // Which part of their time workers had a job, and how many were claimed at most.
    async Task<(double Share, long Most)> Run(RedisServer redis, int port, string queue)
    {
        await redis.Open().SeedQueue(queue, [.. Enumerable.Range(0, Jobs).Select(Job)]);
        var runs = new Seen<Turn>();
        var claimed = new Seen<long>();
        await using var bus = await TestBus.Start(
            redis.Open(),
            output,
            configure: (_, cfg) =>
            {
                cfg.Host($"redis://127.0.0.1:{port}/0");
                cfg.ReceiveEndpoint(
                    queue,
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

                            runs.Add(new Turn(began, TimeProvider.System.GetTimestamp()));
                        });
                    }
                );
            }
        );

        // The first claims know neither how long a job takes nor how far Redis is.
        var share = Busy([.. (await runs.Next(Jobs)).OrderBy(run => run.Ended).Skip(Jobs / 5)]);
        await redis.Open().Until(async state => await Claimed(state) == 0);
        return (share, claimed.All.Max());
    }

    static double Busy(Turn[] runs)
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

    sealed record Turn(long Began, long Ended);
}
