using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Interop.Tests.Crash;

/// <summary>A batch whose jobs succeed, fail and die while the processes that run them are killed. SIDEKIQ_BATCH_JOBS makes it larger.</summary>
[Collection(nameof(Alone))]
public sealed class BatchTests(ITestOutputHelper output)
{
    const int Kills = 6;

    static readonly Uri told = new("queue:told");

    [Fact]
    public async Task Each_callback_comes_once_whatever_is_killed()
    {
        var most = int.Parse(
            Environment.GetEnvironmentVariable("SIDEKIQ_BATCH_JOBS") is { Length: > 0 } set ? set : "1800",
            CultureInfo.InvariantCulture
        );
        var (slice, stopped) = (most / Kills, TestContext.Current.CancellationToken);
        await using var redis = await RedisServer.Lease();
        await using var fleet = new Fleet(redis, TimeSpan.FromSeconds(1));
        await fleet.Prepare(4);
        await fleet.Employ(3);
        await using var bus = await TestBus.Start(redis, output);
        await using var scope = bus.Services.CreateAsyncScope();
        var inspector = bus.Services.GetRequiredService<ISidekiqInspector>();

        var id = await Fill(scope.ServiceProvider.GetRequiredService<ISidekiqBatches>(), fleet, slice, stopped);

        await Ended(redis);
        var dead = (await redis.DeadSet()).Length;
        var batch = (await inspector.Batches.Find(id, stopped))!;
        output.WriteLine($"{batch}");
        Assert.Equal((Kills * slice, dead), (batch.Total, batch.Dead));
        Assert.InRange(batch.Failed, dead + 1, batch.Pending);
        Assert.Equal("1, 3", await Callbacks(redis));

        await redis.RetryNow();
        await redis.Until(async state => (await state.RetrySet()).Length == 0);
        await Ended(redis);
        Assert.Equal(dead, (await inspector.Batches.Find(id, stopped))!.Pending);
        Assert.Equal("1, 3", await Callbacks(redis));

        // Those that died of their processes as well.
        Assert.Equal(dead, await inspector.DeadSet.RetryAll(stopped));
        await redis.Until(async state => (await state.Queue("told")).Length == 3);
        await Ended(redis);
        Assert.Equal("1, 2, 3", await Callbacks(redis));
        Assert.Equal(0, (await inspector.Batches.Find(id, stopped))!.Pending);
    }

    // The first process of the fleet is killed after each slice.
    static Task<string> Fill(ISidekiqBatches batches, Fleet fleet, int slice, CancellationToken stopped) =>
        batches.Start(
            batch =>
            {
                batch.OnComplete(told, new CrashJob(1));
                batch.OnSuccess(told, new CrashJob(2));
                batch.OnDeath(told, new CrashJob(3));
            },
            async batch =>
            {
                for (var kill = 0; kill < Kills; kill++)
                {
                    await Task.WhenAll(Enumerable.Range(kill * slice, slice).Select(number => Add(batch, number)));
                    await fleet.Kill(fleet.Working[0]);
                    await Task.WhenAll(fleet.Employ(1), fleet.Prepare(1));
                }
            },
            stopped
        );

    // Every 50th fails once and is retried; every 300th dies.
    static Task Add(ISidekiqBatchScope batch, int number) =>
        batch.Send(
            new Uri("queue:crash"),
            new CrashJob(number, Fails: number % 50 == 7),
            x => x.Job(job => job.Retry = number % 300 == 7 ? 0 : 25)
        );

    static Task Ended(RedisDatabase redis) =>
        redis.Until(async state =>
            (await state.Keys()).All(key =>
                key is not "queue:crash"
                && !key.StartsWith("mt:working:", StringComparison.Ordinal)
                && !key.StartsWith("mt:landing:", StringComparison.Ordinal)
            )
        );

    // What was called back, in the order of the numbers.
    static async Task<string> Callbacks(RedisDatabase redis) =>
        string.Join(
            ", ",
            (await redis.Queue("told"))
                .Select(job => JsonElement.Parse(job).GetProperty("args")[0].GetProperty("number").GetInt32())
                .Order()
        );

    [SidekiqJob("CrashJob")]
    public sealed record CrashJob(int Number, bool Fails = false);
}
