using System.Text.Json;
using Shop;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>Ruby's poller and ours on the same sets.</summary>
public sealed class PollerTests(ITestOutputHelper output)
{
    const int Jobs = 6000;

    [Fact]
    public async Task Thousands_of_due_jobs_are_each_moved_once_by_pollers_of_both_languages()
    {
        await using var redis = await RedisServer.Lease();
        var due = SetEntry.ToScore(TimeProvider.System.GetUtcNow().AddSeconds(-1));
        foreach (var set in new[] { "retry", "schedule" })
        {
            var first = set == "retry" ? 0 : Jobs / 2;
            await redis.Db.SortedSetAddAsync(
                set,
                [.. Enumerable.Range(first, Jobs / 2).Select(number => new SortedSetEntry(Job(number), due))]
            );
        }

        var ruby = Ruby.PushDueJobs(redis);
        // Ruby has begun, and has thousands before it.
        await redis.Until(async state => await state.Db.ListLengthAsync("queue:late") > 20);
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("own", e => e.Handler<OrderPaid>(_ => Task.CompletedTask))
        );
        await ruby.InTime();
        await redis.Until(async state => await state.Db.ListLengthAsync("queue:late") >= Jobs);

        var moved = (await redis.Queue("late")).Select(job => JsonElement.Parse(job)).ToArray();
        var stamps = moved.Select(job => job.GetProperty("enqueued_at").GetRawText()).ToArray();
        // Ruby stamps each job with its own time, to the tenth of a microsecond; we stamp a hundred at once.
        var ours = stamps
            .GroupBy(stamp => stamp, StringComparer.Ordinal)
            .Where(same => same.Count() > 1)
            .Sum(same => same.Count());
        output.WriteLine($"{ours} of {Jobs} jobs were moved by .NET, the others by Ruby.");
        Assert.Equal(Jobs, moved.Length);
        Assert.Equal(
            Jobs,
            moved.Select(job => job.GetProperty("jid").GetString()).Distinct(StringComparer.Ordinal).Count()
        );
        Assert.InRange(ours, 1, Jobs - 1);
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.ScheduledSet());
        Assert.Empty(await redis.DeadSet());
    }

    static string Job(int number) =>
        $$"""{"class":"OkJob","args":[{{number}}],"queue":"late","jid":"{{number:x24}}","retry":true,"created_at":1795308424.5}""";
}
