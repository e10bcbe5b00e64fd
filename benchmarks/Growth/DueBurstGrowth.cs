using System.Diagnostics;

namespace MassTransit.Sidekiq.Benchmarks;

// Many jobs that are due at once, and ever more buses that poll for them.
internal sealed class DueBurstGrowth(Lab lab) : Growth
{
    const int Repeats = 3;
    const int Alone = 1;
    const int Compared = 30;

    readonly Dictionary<int, (double PerSecond, double Bytes)> results = [];
    int started;

    public override GrowthPlan Plan { get; } =
        new()
        {
            Name = "due-burst",
            Title = "100,000 jobs due at once",
            Shows =
                "From the first job in its queue to the last, with ever more buses that poll (30,000 jobs in a quick look): one process moves them for all, so rate and bytes stay level. The median of three bursts.",
            Size = "buses that poll",
            Unit = "jobs/s",
            Sizes = [Alone, 3, 10, Compared],
            QuickSizes = [Alone, Compared],
            Drawn = ["jobs/s"],
            Told = ["bytes per job", "Redis µs per job"],
        };

    public override async Task<IReadOnlyList<double>> Measure(int size, Figures figures)
    {
        if (started < size)
        {
            Crowds.Add(await Crowd.Start(lab.Redis.Url, size - started, "idle"));
            started = size;
        }

        var jobs = lab.Jobs(100_000);
        if (!await lab.Db.KeyExistsAsync("stock"))
        {
            // The last of them has been due for an hour.
            await new WaitingJobs(lab).AddTo("stock", jobs, TimeProvider.System.GetUtcNow().AddSeconds(-3600 - jobs));
        }

        // The first warms the compiler of whoever moves them.
        await Burst(jobs);
        var bursts = new List<(double PerSecond, double Bytes, double Redis)>();
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            bursts.Add(await Burst(jobs));
        }

        var perSecond = Median([.. bursts.Select(burst => burst.PerSecond)]);
        var bytes = Median([.. bursts.Select(burst => burst.Bytes)]);
        results[size] = (perSecond, bytes);
        Tell(size, figures);
        return [perSecond, bytes, Median([.. bursts.Select(burst => burst.Redis)])];
    }

    void Tell(int size, Figures figures)
    {
        if (size == Alone)
        {
            figures.Add("due.burst_per_s", results[Alone].PerSecond, "jobs/s");
        }
        else if (size == Compared)
        {
            figures.AddRatio("due.burst30_vs_1", results[Compared].PerSecond, results[Alone].PerSecond);
            figures.Add("due.burst30_bytes_vs_1", results[Compared].Bytes / results[Alone].Bytes, "ratio of bytes");
        }
    }

    async Task<(double PerSecond, double Bytes, double Redis)> Burst(int jobs)
    {
        await lab.Db.ExecuteAsync("COPY", "stock", "copy");
        var before = await RedisUsage.Of(lab.Db);
        await lab.Db.KeyRenameAsync("copy", "schedule");
        var first = await Reached(1);
        var last = await Reached(jobs);
        var usage = await RedisUsage.Of(lab.Db) - before;
        await lab.Db.ExecuteAsync("UNLINK", "queue:bench");
        return (
            (last.Moved - first.Moved) / Stopwatch.GetElapsedTime(first.At, last.At).TotalSeconds,
            (double)usage.Bytes / jobs,
            usage.ProcessorMicroseconds / jobs
        );
    }

    async Task<(long Moved, long At)> Reached(long count)
    {
        while (true)
        {
            var moved = await lab.Db.ListLengthAsync("queue:bench");
            var at = Stopwatch.GetTimestamp();
            if (moved >= count)
            {
                return (moved, at);
            }

            await Task.Delay(2);
        }
    }
}
