using System.Diagnostics;

namespace MassTransit.Sidekiq.Benchmarks;

// What a job costs Redis and its process, and what a process costs until it runs one: ours and Ruby's, ten jobs at a time, the same
// jobs. Either is started anew in each round, and measured from a tenth of its jobs to nine tenths.
internal sealed class CostBenchmark(Lab lab)
{
    const string Queue = "bench";
    const int InFlight = 100;

    // As long as it takes a process to have nothing to do after its first job.
    static readonly TimeSpan calm = TimeSpan.FromSeconds(1);

    public async Task Run(Figures figures)
    {
        var ours = await Ours();
        var ruby = await SidekiqProcess();
        Add(figures, "cost.", ours);
        Add(figures, "peer.sidekiq_", ruby);
        figures.AddRatioOfTimes("cost.redis_us_vs_sidekiq", ours.RedisMicroseconds, ruby.RedisMicroseconds);
        figures.AddRatioOfTimes("cost.client_us_vs_sidekiq", ours.ClientMicroseconds, ruby.ClientMicroseconds);
        figures.Add("cost.redis_bytes_vs_sidekiq", ours.Bytes / ruby.Bytes, "ratio of bytes");
        await Garbage(figures);
    }

    static void Add(Figures figures, string prefix, Cost cost)
    {
        figures.Add(prefix + "redis_us_per_job", cost.RedisMicroseconds, "µs");
        figures.Add(prefix + "redis_command_us_per_job", cost.CommandMicroseconds, "µs");
        figures.Add(prefix + "redis_bytes_per_job", cost.Bytes, "bytes");
        figures.Add(prefix + "client_us_per_job", cost.ClientMicroseconds, "µs");
        figures.Add(prefix + "first_job_ms", cost.ToFirstJob.TotalMilliseconds, "ms");
        figures.Add(prefix + "idle_mb", cost.IdleMegabytes, "MB");
        figures.Add(prefix + "loaded_mb", cost.LoadedMegabytes, "MB");
    }

    async Task<Cost> Ours()
    {
        await lab.Fill([Queue], 1);
        var start = Stopwatch.GetTimestamp();
        await using var process = Crowd.Begin(lab.Redis.Url, 1, Queue);
        await process.RunsFirstJob();
        return await Measure(
            Stopwatch.GetElapsedTime(start),
            // The first are for the compiler.
            [lab.Jobs(100_000), lab.Jobs(100_000)],
            () => process.ProcessorTime,
            () => process.Memory
        );
    }

    // Its first job is known to be claimed, ours to run.
    async Task<Cost> SidekiqProcess()
    {
        await lab.Fill([Queue], 1);
        var start = Stopwatch.GetTimestamp();
        await using var sidekiq = ChildProcess.Start(
            "sidekiq",
            ["-r", Ruby.Script("bench_worker.rb"), "-c", "10", "-t", "1", "-q", Queue],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["REDIS_URL"] = lab.Redis.Url }
        );
        await DrainMark.Below(lab.Db, $"queue:{Queue}", 0);
        return await Measure(
            Stopwatch.GetElapsedTime(start),
            [lab.Jobs(15_000)],
            () =>
            {
                using var other = Process.GetProcessById(sidekiq.Id);
                return other.TotalProcessorTime;
            },
            () => ProcessMemory.Of(sidekiq.Id)
        );
    }

    // The last load is measured. The jobs appear at once, under the name that the process waits for.
    async Task<Cost> Measure(TimeSpan toFirstJob, int[] loads, Func<TimeSpan> processorTime, Func<ProcessMemory> memory)
    {
        await Task.Delay(calm);
        var idle = memory().Resident;
        var (first, last, before, own) = (default(DrainMark)!, default(DrainMark)!, TimeSpan.Zero, TimeSpan.Zero);
        foreach (var jobs in loads)
        {
            await lab.Fill(["stock"], jobs);
            await lab.Db.KeyRenameAsync("queue:stock", $"queue:{Queue}");
            first = await DrainMark.Below(lab.Db, $"queue:{Queue}", jobs * 9 / 10);
            before = processorTime();
            last = await DrainMark.Below(lab.Db, $"queue:{Queue}", jobs / 10);
            own = processorTime() - before;
            await DrainMark.Below(lab.Db, $"queue:{Queue}", 0);
        }

        var loaded = memory().Peak;
        await lab.Redis.Flush();

        var (done, usage) = (first.Left - last.Left, last.Usage - first.Usage);
        return new Cost(
            usage.ProcessorMicroseconds / done,
            usage.CommandMicroseconds / done,
            (double)usage.Bytes / done,
            own.TotalMicroseconds / done,
            toFirstJob,
            idle,
            loaded
        );
    }

    // What a send allocates: one by one, a hundred under way, and as one of a thousand at once.
    async Task Garbage(Figures figures)
    {
        await using var bus = await lab.Bus(_ => { }, (_, _) => { });
        var endpoint = await bus.Endpoint($"queue:{Queue}");
        var bulk = Enumerable.Repeat(BenchJob.Any, 1000).ToList();
        await Lab.Warm(InFlight, () => endpoint.Send(BenchJob.Any));
        await endpoint.SendBatch(bulk);

        var jobs = lab.Jobs(50_000);
        var left = jobs;
        var before = GC.GetTotalAllocatedBytes();
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(Caller)));
        figures.Add("cost.alloc_sent_bytes", (double)(GC.GetTotalAllocatedBytes() - before) / jobs, "bytes");

        before = GC.GetTotalAllocatedBytes();
        for (var sent = 0; sent < jobs; sent += bulk.Count)
        {
            await endpoint.SendBatch(bulk);
        }

        figures.Add("cost.alloc_sent_batch_bytes", (double)(GC.GetTotalAllocatedBytes() - before) / jobs, "bytes");
        await lab.Redis.Flush();

        async Task Caller()
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await endpoint.Send(BenchJob.Any);
            }
        }
    }

    sealed record Cost(
        double RedisMicroseconds,
        double CommandMicroseconds,
        double Bytes,
        double ClientMicroseconds,
        TimeSpan ToFirstJob,
        double IdleMegabytes,
        double LoadedMegabytes
    );
}
