namespace MassTransit.Sidekiq.Benchmarks;

// From before a send in this process to the first line of the consumer in another, which is idle. The processes stay from round to
// round, and take turns, so that what disturbs one disturbs all.
internal sealed class LatencyBenchmark(Lab lab) : IAsyncDisposable
{
    const int Database = 1;
    const int Samples = 200;

    // Long enough that what came before is acknowledged.
    static readonly TimeSpan pause = TimeSpan.FromMilliseconds(12);

    readonly List<Lane> lanes = [];

    public async Task Run(Figures figures)
    {
        if (lanes.Count == 0)
        {
            foreach (var contestant in lab.Contestants(Database))
            {
                lanes.Add(await Lane.Open(contestant, lab.NewQueue()));
            }
        }

        var latencies = lanes.Select(_ => new List<double>()).ToList();
        for (var sample = 0; sample < Samples; sample++)
        {
            foreach (var (lane, measured) in lanes.Zip(latencies))
            {
                await Task.Delay(pause);
                measured.Add(await lane.Measure());
            }
        }

        Add(figures, "p50", [.. latencies.Select(all => Percentile(all, 50))]);
        Add(figures, "p99", [.. latencies.Select(all => Percentile(all, 99))]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in lanes)
        {
            await lane.DisposeAsync();
        }
    }

    void Add(Figures figures, string percentile, double[] values)
    {
        foreach (var (lane, value) in lanes.Zip(values))
        {
            figures.Add(lane.Contestant.Figure("latency", $"processes_{percentile}_ms"), value, "ms");
            if (lane != lanes[0])
            {
                figures.AddRatioOfTimes($"latency.idle_{percentile}_vs_{lane.Contestant.Name}", values[0], value);
            }
        }
    }

    static double Percentile(List<double> latencies, int percent) =>
        latencies.Order().ElementAt(latencies.Count * percent / 100);

    // A sender here and a consumer there.
    sealed class Lane(Contestant contestant, Worker worker, Sender<TimedJob> sender) : IAsyncDisposable
    {
        public Contestant Contestant => contestant;

        public static async Task<Lane> Open(Contestant contestant, string queue)
        {
            var worker = await Worker.Start(contestant, [queue]);
            var sender = await contestant.Sender<TimedJob>(queue);
            await worker.Warm(contestant, sender);
            return new Lane(contestant, worker, sender);
        }

        public async Task<double> Measure()
        {
            var message = TimedJob.Now;
            await sender.Send(message);
            return (await worker.Started(message)).TotalMilliseconds;
        }

        public async ValueTask DisposeAsync()
        {
            await sender.DisposeAsync();
            await worker.DisposeAsync();
        }
    }
}
