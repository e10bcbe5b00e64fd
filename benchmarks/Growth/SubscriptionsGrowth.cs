using System.Diagnostics;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Benchmarks;

// A publish to ever more subscriptions.
internal sealed class SubscriptionsGrowth(Lab lab) : Growth
{
    const int Least = 5;

    public override GrowthPlan Plan { get; } =
        new()
        {
            Name = "subscriptions",
            Title = "Publishing to many subscriptions",
            Shows =
                "One publish after another, each awaited: one step makes all copies, so its time grows in proportion to them once they outweigh the round trip, and the time of each copy does not grow.",
            Size = "subscriptions",
            Unit = "ms",
            Sizes = [1, 10, 100, 1000, 10_000],
            QuickSizes = [1, 10, 100, 1000, 10_000],
            Drawn = ["ms per publish"],
            Told = ["Redis µs per copy"],
        };

    public override async Task<IReadOnlyList<double>> Measure(int size, Figures figures)
    {
        await lab.Empty();
        await lab.Db.HashSetAsync(
            "mt:topic:MassTransit.Sidekiq.Benchmarks:BenchEvent",
            [.. Enumerable.Range(1, size).Select(queue => new HashEntry($"bench{queue}", ""))]
        );
        await using var bus = await lab.Bus(_ => { }, (_, _) => { });
        await bus.Bus.Publish(BenchEvent.Any);

        var (before, start, count) = (await RedisUsage.Of(lab.Db), Stopwatch.GetTimestamp(), 0);
        while (count < Least || Stopwatch.GetElapsedTime(start) < lab.Span)
        {
            await bus.Bus.Publish(BenchEvent.Any);
            count++;
        }

        var elapsed = Stopwatch.GetElapsedTime(start);
        var usage = await RedisUsage.Of(lab.Db) - before;
        if (await lab.Db.ListLengthAsync($"queue:bench{size}") is var copies && copies != count + 1)
        {
            throw new InvalidOperationException($"Of {count + 1} messages {copies} reached the last of {size} queues.");
        }

        return [elapsed.TotalMilliseconds / count, usage.ProcessorMicroseconds / count / size];
    }
}
