namespace MassTransit.Sidekiq.Benchmarks;

// The same few jobs taken from a queue with ever more behind them.
internal sealed class QueueLengthGrowth(Lab lab) : Growth
{
    const int Window = 7000;
    const int Before = 2000;
    const int Repeats = 3;

    static readonly string[] queue = ["bench"];

    readonly Consumption consumption = new(lab);

    public override GrowthPlan Plan { get; } =
        new()
        {
            Name = "queue-length",
            Title = "Consuming from a long queue",
            Shows =
                "A claim takes jobs from the end of a list, so what waits behind them costs nothing: both lines stay level. A window of 7,000 jobs, the median of three.",
            Size = "jobs in the queue",
            Unit = "jobs/s",
            Sizes = [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 5_000_000],
            QuickSizes = [10_000, 100_000, 300_000],
            Drawn = ["jobs/s"],
            Told = ["Redis µs per job"],
        };

    public override async Task<IReadOnlyList<double>> Measure(int size, Figures figures)
    {
        var measured = new List<(double JobsPerSecond, double RedisMicroseconds)>();
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            // What the last one took as well.
            await lab.Fill(queue, size - (int)await lab.Db.ListLengthAsync("queue:bench"));
            measured.Add(await consumption.Measure(queue, Before, Before + Window));
        }

        return
        [
            Median([.. measured.Select(each => each.JobsPerSecond)]),
            Median([.. measured.Select(each => each.RedisMicroseconds)]),
        ];
    }
}
