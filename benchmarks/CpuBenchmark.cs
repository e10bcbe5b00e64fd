using System.Diagnostics;

namespace MassTransit.Sidekiq.Benchmarks;

// What a process costs that waits on one queue and gets no job. It waits while the other benchmarks run: the clock of its processor
// time ticks every 10 ms, so a short look tells nothing.
internal sealed class CpuBenchmark(Lab lab) : IAsyncDisposable
{
    const int Database = 3;

    static readonly TimeSpan firstMinute = TimeSpan.FromMinutes(1);
    static readonly TimeSpan shortestLook = TimeSpan.FromSeconds(10);

    readonly List<(Contestant Contestant, Worker Worker)> waiting = [];
    TimeSpan[]? before;
    long since;

    // The first time starts them, the second waits for the end of their first minute, the others measure.
    public async Task Run(Figures figures)
    {
        if (waiting.Count == 0)
        {
            foreach (var contestant in lab.Contestants(Database))
            {
                waiting.Add((contestant, await Worker.Start(contestant, [lab.NewQueue()])));
            }

            since = Stopwatch.GetTimestamp();
            return;
        }

        var left = (before is null ? firstMinute : shortestLook) - Stopwatch.GetElapsedTime(since);
        await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        var now = waiting.Select(process => process.Worker.ProcessorTime).ToArray();
        var elapsed = Stopwatch.GetElapsedTime(since);
        for (var i = 0; before is not null && i < now.Length; i++)
        {
            var percent = 100 * (now[i] - before[i]) / elapsed;
            figures.Add(waiting[i].Contestant.Figure("idle", "cpu_percent"), percent, "% of a core");
        }

        (before, since) = (now, Stopwatch.GetTimestamp());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, worker) in waiting)
        {
            await worker.DisposeAsync();
        }
    }
}
