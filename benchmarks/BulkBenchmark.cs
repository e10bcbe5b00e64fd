using System.Diagnostics;

namespace MassTransit.Sidekiq.Benchmarks;

// A million messages from a source that holds none of them: to a queue at once, and spread over a day.
internal sealed class BulkBenchmark(Lab lab)
{
    const int Million = 1_000_000;
    const int SamplesEvery = 10_000;

    long? idle;

    public async Task Run(Figures figures)
    {
        await using var bus = await lab.Bus(_ => { }, (_, _) => { });
        var endpoint = await bus.Endpoint("queue:bench");
        idle ??= Memory.Now();
        await Measure(figures, "bulk.queue", endpoint, TimeSpan.Zero);
        await Measure(figures, "bulk.schedule", endpoint, TimeSpan.FromDays(1));
    }

    async Task Measure(Figures figures, string name, ISendEndpoint endpoint, TimeSpan spread)
    {
        var jobs = lab.Jobs(Million);
        var (memory, commands, cost) = (new Memory(), await lab.Commands(), lab.Cost());

        var start = Stopwatch.GetTimestamp();
        var sent = await endpoint.SendMany(Source(jobs), new SendManyOptions { Spread = spread, Progress = memory });
        var elapsed = Stopwatch.GetElapsedTime(start);

        lab.Report(name, cost, jobs);
        var stored = await lab.Db.ListLengthAsync("queue:bench") + await lab.Db.SortedSetLengthAsync("schedule");
        if (sent != jobs || stored < jobs)
        {
            throw new InvalidOperationException($"{name}: of {jobs} jobs {sent} were sent, and {stored} are in Redis.");
        }

        figures.Add($"{name}_per_s", jobs / elapsed.TotalSeconds, "jobs/s");
        figures.Add($"{name}_commands_per_job", (double)(await lab.Commands() - commands) / jobs, "commands");
        figures.Add($"{name}_memory_mb", (memory.Peak - idle!.Value) / 1e6, "MB");
        // In the background of Redis: to free a million jobs takes it longer than a command may.
        await lab.Db.ExecuteAsync("FLUSHDB", "ASYNC");
    }

    static async IAsyncEnumerable<BenchJob> Source(int jobs)
    {
        for (var number = 0; number < jobs; number++)
        {
            yield return BenchJob.Any with
            {
                Number = number,
            };
        }

        await Task.CompletedTask;
    }

    // The largest working set of this process, as the system sees it.
    sealed class Memory : IProgress<long>
    {
        public long Peak { get; private set; }

        public void Report(long value)
        {
            if (value % SamplesEvery == 0)
            {
                Peak = Math.Max(Peak, Now());
            }
        }

        public static long Now()
        {
            using var own = Process.GetCurrentProcess();
            return own.WorkingSet64;
        }
    }
}
