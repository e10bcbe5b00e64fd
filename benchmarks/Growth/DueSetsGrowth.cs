using MassTransit.DependencyInjection;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// The poll for due jobs, and what it moves, in sets with ever more jobs that are not due.
internal sealed class DueSetsGrowth(Lab lab) : Growth
{
    const int Due = 1000;

    static readonly string[] sets = ["retry", "schedule"];

    readonly WaitingJobs jobs = new(lab);

    public override GrowthPlan Plan { get; } =
        new()
        {
            Name = "due-sets",
            Title = "Large retry and scheduled sets",
            Shows =
                "Jobs that are not due for a day, so many in either set: a poll that finds nothing looks at the first of each set, and moving 1,000 due jobs costs the logarithm of the set's size.",
            Size = "jobs in each set",
            Unit = "µs in Redis",
            Sizes = [1000, 10_000, 100_000, 300_000, 1_000_000],
            QuickSizes = [1000, 10_000, 100_000],
            Drawn = ["poll, nothing due", "each job that is moved"],
            Told = ["ms to move 1,000"],
        };

    public override async Task<IReadOnlyList<double>> Measure(int size, Figures figures)
    {
        var now = TimeProvider.System.GetUtcNow();
        foreach (var set in sets)
        {
            var more = size - (int)await lab.Db.SortedSetLengthAsync(set);
            await jobs.AddTo(set, more, now.AddDays(1));
        }

        // A bus that only sends polls for nothing by itself.
        await using var bus = await lab.Bus(_ => { }, (_, _) => { });
        var process = BusRuntime.Of(bus.Services.GetRequiredService<Bind<IBus, IBusInstance>>().Value).Process;
        await Move(process.DueJobs);

        var polls = lab.Jobs(3000);
        var before = await RedisUsage.Of(lab.Db);
        for (var poll = 0; poll < polls; poll++)
        {
            await process.DueJobs.Cycle(CancellationToken.None);
        }

        var polling = await RedisUsage.Of(lab.Db) - before;
        var moving = await Move(process.DueJobs);
        return
        [
            polling.ProcessorMicroseconds / polls,
            moving.ProcessorMicroseconds / Due,
            moving.Time.TotalMilliseconds,
        ];
    }

    async Task<RedisUsage> Move(DueJobPoller poller)
    {
        await jobs.AddTo("schedule", Due, TimeProvider.System.GetUtcNow().AddHours(-1));
        var before = await RedisUsage.Of(lab.Db);
        await poller.Cycle(CancellationToken.None);
        var usage = await RedisUsage.Of(lab.Db) - before;
        if (await lab.Db.ListLengthAsync("queue:bench") is var moved && moved != Due)
        {
            throw new InvalidOperationException($"Of {Due} due jobs {moved} were moved.");
        }

        await lab.Db.KeyDeleteAsync("queue:bench");
        return usage;
    }
}
