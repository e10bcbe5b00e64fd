namespace MassTransit.Sidekiq.Benchmarks;

// Ever more processes that have nothing to do. Each is a bus of its own, with the loops, intervals and connections of a real one: only
// the processes of the operating system are fewer. The processes of one size stay for the next.
internal sealed class IdleProcessesGrowth(Lab lab) : Growth
{
    const int MostOfOneCrowd = 250;

    static readonly string[] queues = ["idle-a", "idle-b", "idle-c"];

    // Longer than the length of a lease, within which each has found the others, and the compiler has done its work.
    readonly TimeSpan settling = TimeSpan.FromSeconds(20 * lab.Scale);

    int started;

    public override GrowthPlan Plan { get; } =
        new()
        {
            Name = "idle-processes",
            Title = "What idle processes cost Redis",
            Shows =
                "Buses with three endpoints and no jobs, each with its lease, beats, polls and waiting connections: what each costs does not depend on how many there are, so the percentage grows in proportion and the commands of each stay level.",
            Size = "processes",
            Unit = "% of a core, or commands/s",
            Sizes = [30, 100, 300, 1000],
            QuickSizes = [10, 30, 100],
            Drawn = ["Redis % of a core", "commands/s of each"],
            Told = ["Redis µs/s for each", "bytes/s of each", "connections", "% of a core of the processes themselves"],
        };

    public override async Task<IReadOnlyList<double>> Measure(int size, Figures figures)
    {
        while (started < size)
        {
            var more = Math.Min(size - started, MostOfOneCrowd);
            Crowds.Add(await Crowd.Start(lab.Redis.Url, more, queues));
            started += more;
        }

        await Task.Delay(settling);
        var (before, processor) = (await RedisUsage.Of(lab.Db), ProcessorTime());
        // What happens once a minute counts in full where it counts most.
        await Task.Delay(TimeSpan.FromSeconds((size >= 1000 ? 60 : 15) * lab.Scale));
        var usage = await RedisUsage.Of(lab.Db) - before;
        var own = (ProcessorTime() - processor) / usage.Time;

        figures.Add($"idle.processes{size}_redis_percent", usage.ProcessorPercent, "% of a core");
        var each = size * usage.Time.TotalSeconds;
        return
        [
            usage.ProcessorPercent,
            usage.Calls / each,
            usage.ProcessorMicroseconds / each,
            usage.Bytes / each,
            usage.Connections,
            100 * own,
        ];
    }

    TimeSpan ProcessorTime() => Crowds.Aggregate(TimeSpan.Zero, (sum, crowd) => sum + crowd.ProcessorTime);
}
