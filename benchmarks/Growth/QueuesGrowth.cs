namespace MassTransit.Sidekiq.Benchmarks;

// The same number of jobs spread over ever more queues of one endpoint.
internal sealed class QueuesGrowth(Lab lab) : Growth
{
    const int Repeats = 3;

    readonly Consumption consumption = new(lab);

    public override GrowthPlan Plan { get; } =
        new()
        {
            Name = "queues",
            Title = "Consuming from many queues",
            Shows =
                "One endpoint with queues of weight 1, all full: one claim looks at all its queues, so its cost is shared by the jobs that it brings. The median of three.",
            Size = "queues of one endpoint",
            Unit = "jobs/s",
            Sizes = [1, 10, 50, 100, 200, 500],
            QuickSizes = [1, 10, 100],
            Drawn = ["jobs/s"],
            Told = ["Redis µs per job"],
        };

    public override async Task<IReadOnlyList<double>> Measure(int size, Figures figures)
    {
        string[] queues = [.. Enumerable.Range(0, size).Select(queue => $"bench{queue}")];
        var jobs = lab.Jobs(80_000);
        var measured = new List<(double JobsPerSecond, double RedisMicroseconds)>();
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            await lab.Fill(queues, jobs);
            measured.Add(await consumption.Measure(queues, jobs / 10, jobs * 9 / 10));
            await lab.Empty();
        }

        return
        [
            Median([.. measured.Select(each => each.JobsPerSecond)]),
            Median([.. measured.Select(each => each.RedisMicroseconds)]),
        ];
    }
}
