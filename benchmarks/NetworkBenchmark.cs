using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// A Redis at a distance, 16 jobs at once: ours and Ruby's through a line that delays each byte, with jobs that do nothing and jobs
// that wait for as long as a query or a call to another service.
internal sealed class NetworkBenchmark(Lab lab)
{
    const int Concurrency = 16;

    // In milliseconds: each way, and the jobs.
    static readonly int[] distances = [1, 5, 25];
    static readonly int[] lengths = [0, 5, 100];

    // From the first job on, so that the figure is that of a process which is on its way.
    static readonly TimeSpan start = TimeSpan.FromSeconds(0.7);
    static readonly TimeSpan span = TimeSpan.FromSeconds(1.5);

    public async Task Run(Figures figures)
    {
        foreach (var distance in distances)
        {
            await using var line = new SlowLine(lab.Redis.Port, TimeSpan.FromMilliseconds(distance));
            var url = new UriBuilder(lab.Redis.Url) { Port = line.Port }.Uri.AbsoluteUri.TrimEnd('/');
            foreach (var length in lengths)
            {
                var (ours, mean) = await Ours(url, length);
                var ruby = await SidekiqProcess(url, mean);

                var name = $"rtt{distance}{(length == 5 ? "" : $"_{length}ms")}";
                figures.Add($"consume.{name}_per_s", ours, "jobs/s");
                figures.Add($"peer.sidekiq_{name}_per_s", ruby, "jobs/s");
                figures.AddRatio($"consume.{name}_vs_sidekiq", ours, ruby);
                if (length > 0)
                {
                    figures.AddRatio($"consume.{name}_vs_allowed", ours, Concurrency / mean.TotalSeconds);
                }
            }
        }
    }

    // And how long a job lasted: a timer is up to a millisecond late here, and Ruby's jobs are to be as long as ours.
    async Task<(double PerSecond, TimeSpan Mean)> Ours(string url, int length)
    {
        var jobs = await Fill(length);
        using var run = new LastingJobs(TimeSpan.FromMilliseconds(length));
        await using (
            await Running.Start(
                x =>
                {
                    x.AddConsumer<LastingConsumer>();
                    x.UsingSidekiq(
                        (context, cfg) =>
                        {
                            cfg.Host(url);
                            cfg.ReceiveEndpoint(
                                "bench",
                                endpoint =>
                                {
                                    endpoint.ConcurrentMessageLimit = Concurrency;
                                    endpoint.ConfigureConsumer<LastingConsumer>(context);
                                }
                            );
                        }
                    );
                },
                services => services.AddSingleton(run)
            )
        )
        {
            var perSecond = await Rate(jobs, () => Task.FromResult(run.Count));
            await lab.Redis.Flush();
            return (perSecond, length == 0 ? TimeSpan.Zero : run.Mean);
        }
    }

    // Ruby claims one job at a time for each of its threads, so what left the queue has begun.
    async Task<double> SidekiqProcess(string url, TimeSpan length)
    {
        var jobs = await Fill((int)length.TotalMilliseconds);
        await using var sidekiq = ChildProcess.Start(
            "sidekiq",
            ["-r", Ruby.Script("bench_worker.rb"), "-c", $"{Concurrency}", "-t", "1", "-q", "bench"],
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["REDIS_URL"] = url,
                ["JOB_SECONDS"] = length.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            }
        );
        var perSecond = await Rate(jobs, async () => jobs - await lab.Db.ListLengthAsync("queue:bench"));
        await sidekiq.Kill();
        await lab.Redis.Flush();
        return perSecond;
    }

    async Task<int> Fill(int length)
    {
        var jobs = length switch
        {
            0 => 100_000,
            < 100 => 12_000,
            _ => 2000,
        };
        await lab.Fill(["bench"], jobs);
        return jobs;
    }

    // Jobs per second until the span is over, or nearly all jobs are.
    static async Task<double> Rate(int jobs, Func<Task<long>> ended)
    {
        await Reached(1, TimeSpan.MaxValue);
        var first = await Reached(jobs / 10, start);
        var last = await Reached(jobs * 9 / 10, span);
        return (last.Count - first.Count) / Stopwatch.GetElapsedTime(first.At, last.At).TotalSeconds;

        async Task<(long Count, long At)> Reached(int most, TimeSpan latest)
        {
            var began = Stopwatch.GetTimestamp();
            while (true)
            {
                var count = await ended();
                var at = Stopwatch.GetTimestamp();
                if (count >= most || Stopwatch.GetElapsedTime(began, at) >= latest)
                {
                    return (count, at);
                }

                await Task.Delay(10);
            }
        }
    }
}

// Jobs that all last for the same time, and how long they really did. Task.Delay is up to four milliseconds late, which is too much for
// jobs of five: a thread of their own ends them, in the order in which they began.
internal sealed class LastingJobs : IDisposable
{
    readonly BlockingCollection<(long Began, TaskCompletionSource Ended)> running = [];
    readonly TimeSpan length;
    long count;
    long ticks;

    public LastingJobs(TimeSpan length)
    {
        this.length = length;
        new Thread(End) { IsBackground = true }.Start();
    }

    public long Count => Volatile.Read(ref count);

    public TimeSpan Mean => TimeSpan.FromTicks(Volatile.Read(ref ticks)) / Math.Max(1, Count);

    public async Task Run()
    {
        var began = Stopwatch.GetTimestamp();
        if (length > TimeSpan.Zero)
        {
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            running.Add((began, ended));
            await ended.Task;
        }

        Interlocked.Add(ref ticks, Stopwatch.GetElapsedTime(began).Ticks);
        Interlocked.Increment(ref count);
    }

    public void Dispose() => running.CompleteAdding();

    void End()
    {
        foreach (var (began, ended) in running.GetConsumingEnumerable())
        {
            while (length - Stopwatch.GetElapsedTime(began) is { Ticks: > 0 } left)
            {
                Thread.Sleep(Math.Max(1, (int)left.TotalMilliseconds));
            }

            ended.SetResult();
        }
    }
}

internal sealed class LastingConsumer(LastingJobs jobs) : IConsumer<BenchJob>
{
    public Task Consume(ConsumeContext<BenchJob> context) => jobs.Run();
}
