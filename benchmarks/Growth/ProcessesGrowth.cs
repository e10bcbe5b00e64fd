namespace MassTransit.Sidekiq.Benchmarks;

// Ever more consumer processes on one queue. The jobs appear all at once, under the name that the processes wait for.
internal sealed class ProcessesGrowth(Lab lab) : Growth
{
    public override GrowthPlan Plan { get; } =
        new()
        {
            Name = "processes",
            Title = "Consumer processes on one queue",
            Shows =
                "Real processes of ten workers each, that share the cores of this machine with Redis: once the cores are used up, more processes do no more jobs, but they cost Redis no more for each either.",
            Size = "processes",
            Unit = "jobs/s",
            Sizes = [1, 2, 4, 8],
            QuickSizes = [1, 2, 4],
            Drawn = ["jobs/s"],
            Told = ["Redis µs per job", "Redis % of a core"],
        };

    public override async Task<IReadOnlyList<double>> Measure(int size, Figures figures)
    {
        while (Crowds.Count < size)
        {
            Crowds.Add(await Crowd.Start(lab.Redis.Url, 1, "bench"));
        }

        await Consume(lab.Jobs(100_000) * size);
        var jobs = lab.Jobs(300_000);
        var (first, last) = await Consume(jobs);
        var usage = last.Usage - first.Usage;
        var done = first.Left - last.Left;
        return [done / usage.Time.TotalSeconds, usage.ProcessorMicroseconds / done, usage.ProcessorPercent];
    }

    // From when two tenths of the jobs are taken until nine tenths are.
    async Task<(DrainMark First, DrainMark Last)> Consume(int jobs)
    {
        await lab.Fill(["stock"], jobs);
        await lab.Db.KeyRenameAsync("queue:stock", "queue:bench");
        var first = await DrainMark.Below(lab.Db, "queue:bench", jobs * 8 / 10);
        var last = await DrainMark.Below(lab.Db, "queue:bench", jobs / 10);
        await DrainMark.Below(lab.Db, "queue:bench", 0);
        return (first, last);
    }
}
