using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// One process, concurrency 10, a consumer that does nothing, full queues: ours, Ruby's, MassTransit in memory, and the peers.
internal sealed class ConsumeBenchmark(Lab lab)
{
    const int Concurrency = 10;

    static readonly string[] one = ["bench"];
    static readonly string[] hundred = [.. Enumerable.Range(0, 100).Select(i => $"bench{i}")];

    public async Task Run(Figures figures)
    {
        var ours = await Ours(one, figures);
        var memory = await Memory();
        var ruby = await SidekiqProcess();
        var spread = await Ours(hundred, figures: null);

        figures.Add("consume.jobs_per_s", ours.JobsPerSecond, "jobs/s");
        figures.Add("peer.sidekiq_consume_per_s", ruby, "jobs/s");
        figures.Add("peer.memory_consume_per_s", memory.JobsPerSecond, "jobs/s");
        figures.AddRatio("consume.vs_sidekiq", ours.JobsPerSecond, ruby);
        figures.AddRatio("consume.vs_memory", ours.JobsPerSecond, memory.JobsPerSecond);
        figures.AddRatio("consume.queues100_vs_1", spread.JobsPerSecond, ours.JobsPerSecond);
        figures.Add("consume.alloc_bytes_per_job", ours.AllocatedPerJob - memory.AllocatedPerJob, "bytes");
        figures.Add("cost.alloc_consumed_bytes", ours.AllocatedPerJob, "bytes");
        foreach (var peer in lab.Peers)
        {
            var rate = await Peer(peer);
            figures.Add(peer.Figure("consume", "per_s"), rate, "jobs/s");
            figures.AddRatio($"consume.vs_{peer.Name}", ours.JobsPerSecond, rate);
        }
    }

    async Task<Meter> Ours(string[] queues, Figures? figures)
    {
        var jobs = lab.Jobs(80_000);
        await lab.Fill(queues, jobs);
        var (before, cost) = (await lab.Commands(), lab.Cost());

        var meter = new Meter(jobs / 10, jobs * 9 / 10, Task.CompletedTask);
        await using (
            await lab.Bus(
                x => x.AddConsumer<NoOpConsumer>(),
                (context, cfg) =>
                    cfg.ReceiveEndpoint(
                        "bench",
                        endpoint =>
                        {
                            endpoint.ConcurrentMessageLimit = Concurrency;
                            if (queues.Length > 1)
                            {
                                endpoint.Queues(all => Array.ForEach(queues, queue => all.Weighted(queue, 1)));
                            }

                            endpoint.ConfigureConsumer<NoOpConsumer>(context);
                        }
                    ),
                services => services.AddSingleton(meter)
            )
        )
        {
            await meter.Done;
            lab.Report($"consume {queues.Length} queues", cost, jobs);
        }

        figures?.Add("consume.commands_per_job", (double)(await lab.Commands() - before) / jobs, "commands");
        await lab.Redis.Flush();
        return meter;
    }

    // The first ten jobs wait until all the others are sent, so that the figure excludes sending.
    async Task<Meter> Memory()
    {
        var jobs = lab.Jobs(80_000);
        var gate = new TaskCompletionSource();
        var meter = new Meter(jobs / 10, jobs * 9 / 10, gate.Task);
        await using var bus = await Lab.MemoryBus(
            x => x.AddConsumer<NoOpConsumer>(),
            (context, cfg) =>
                cfg.ReceiveEndpoint(
                    "bench",
                    endpoint =>
                    {
                        endpoint.ConcurrentMessageLimit = Concurrency;
                        endpoint.ConfigureConsumer<NoOpConsumer>(context);
                    }
                ),
            services => services.AddSingleton(meter)
        );

        var endpoint = await bus.Endpoint("queue:bench");
        for (var sent = 0; sent < jobs; sent += 1000)
        {
            await endpoint.SendBatch(Enumerable.Repeat(BenchJob.Any, 1000));
        }

        var cost = lab.Cost();
        gate.SetResult();
        await meter.Done;
        lab.Report("consume in memory", cost, jobs);
        return meter;
    }

    async Task<double> Peer(Contestant peer)
    {
        var queue = lab.NewQueue();
        var (first, jobs) = (peer.Backlog / 4, lab.Jobs(peer.Backlog));
        var meter = new Meter(first, first + jobs, Task.CompletedTask);
        await using (var sender = await peer.Sender<BenchJob>(queue))
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, first + jobs),
                new ParallelOptions { MaxDegreeOfParallelism = peer.Callers },
                async (_, _) => await sender.Send(BenchJob.Any)
            );
        }

        var cost = lab.Cost();
        await using (await peer.Consume<BenchJob>([queue], _ => meter.Count()))
        {
            await meter.Done;
            lab.Report($"consume, {peer.Name}", cost, first + jobs);
        }

        await lab.Redis.Flush();
        return meter.JobsPerSecond;
    }

    // What left the queue between two readings, after the first tenth: Ruby claims one job at a time.
    async Task<double> SidekiqProcess()
    {
        var jobs = lab.Jobs(15_000);
        await lab.Fill(one, jobs);
        var concurrency = Concurrency.ToString(CultureInfo.InvariantCulture);
        await using var sidekiq = ChildProcess.Start(
            "sidekiq",
            ["-r", Ruby.Script("bench_worker.rb"), "-c", concurrency, "-t", "1", "-q", "bench"],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["REDIS_URL"] = lab.Redis.Url }
        );

        var first = await Below(jobs * 9 / 10);
        var last = await Below(jobs / 4);
        await sidekiq.Kill();
        await lab.Redis.Flush();
        return (first.Left - last.Left) / Stopwatch.GetElapsedTime(first.At, last.At).TotalSeconds;

        async Task<(long Left, long At)> Below(int limit)
        {
            while (true)
            {
                var left = await lab.Db.ListLengthAsync("queue:bench");
                var at = Stopwatch.GetTimestamp();
                if (left <= limit)
                {
                    return (left, at);
                }

                await Task.Delay(20);
            }
        }
    }
}
