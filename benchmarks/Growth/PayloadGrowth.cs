namespace MassTransit.Sidekiq.Benchmarks;

// Jobs of ever more bytes, sent by ten callers and then consumed.
internal sealed class PayloadGrowth(Lab lab) : Growth
{
    const int Callers = 10;

    // What a job is besides its text.
    const int Frame = 460;

    readonly Consumption consumption = new(lab);

    public override GrowthPlan Plan { get; } =
        new()
        {
            Name = "payload",
            Title = "Jobs of many bytes",
            Shows =
                "Sent by ten callers, then consumed, ten at a time: level while a job's fixed cost prevails, then falling in proportion to its bytes, since each is written and read a few times.",
            Size = "bytes per job",
            Unit = "jobs/s",
            Sizes = [600, 2000, 10_000, 50_000, 100_000, 500_000],
            QuickSizes = [600, 10_000, 100_000],
            Drawn = ["sent/s", "consumed/s"],
            Told = ["consumed MB/s", "Redis µs per consumed job"],
        };

    public override async Task<IReadOnlyList<double>> Measure(int size, Figures figures)
    {
        var sent = await Send(size);
        var jobs = (int)await lab.Db.ListLengthAsync("queue:bench");
        var (consumed, redis) = await consumption.Measure(["bench"], jobs / 10, jobs * 9 / 10);
        await lab.Empty();
        return [sent, consumed, consumed * size / 1e6, redis];
    }

    // What it sends stays in its queue.
    async Task<double> Send(int size)
    {
        await using var bus = await lab.Bus(_ => { }, (_, _) => { });
        var endpoint = await bus.Endpoint("queue:bench");
        await Lab.Warm(Callers, () => endpoint.Send(BenchJob.Any));
        await lab.Empty();
        var job = new BenchJob(1, new string('x', size - Frame));
        return await lab.Rate($"send of {size} bytes", Callers, () => endpoint.Send(job));
    }
}
