namespace MassTransit.Sidekiq.Benchmarks;

// One process with ever more endpoints that have nothing to do.
internal sealed class EndpointsGrowth(Lab lab) : Growth
{
    static readonly TimeSpan settling = TimeSpan.FromSeconds(3);

    // Connections that are not the process's.
    int? others;

    public override GrowthPlan Plan { get; } =
        new()
        {
            Name = "endpoints",
            Title = "What the endpoints of one process cost",
            Shows =
                "One bus with endpoints of one queue each and no jobs: connections are opened up to `MaxWaitingConnections`, beyond it one command asks for all other queues, so neither connections nor commands grow with the endpoints.",
            Size = "endpoints",
            Unit = "connections, commands/s, % of a core",
            Sizes = [1, 3, 10, 30, 100, 200],
            QuickSizes = [1, 10, 100],
            Drawn = ["connections", "commands/s", "% of a core of the process"],
            Told = ["Redis % of a core", "memory in MB"],
        };

    public override async Task<IReadOnlyList<double>> Measure(int size, Figures figures)
    {
        others ??= (await RedisUsage.Of(lab.Db)).Connections;
        await using var process = await Crowd.Start(
            lab.Redis.Url,
            1,
            [.. Enumerable.Range(0, size).Select(queue => $"idle{queue}")]
        );
        await Task.Delay(settling);
        var (before, processor) = (await RedisUsage.Of(lab.Db), process.ProcessorTime);
        await Task.Delay(TimeSpan.FromSeconds(10 * lab.Scale));
        var usage = await RedisUsage.Of(lab.Db) - before;

        var connections = usage.Connections - others.Value;
        var commands = usage.Calls / usage.Time.TotalSeconds;
        figures.Add($"idle.endpoints{size}_connections", connections, "connections");
        figures.Add($"idle.endpoints{size}_commands_per_s", commands, "commands/s");
        return
        [
            connections,
            commands,
            100 * ((process.ProcessorTime - processor) / usage.Time),
            usage.ProcessorPercent,
            process.Memory.Resident,
        ];
    }
}
