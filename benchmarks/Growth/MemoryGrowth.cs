namespace MassTransit.Sidekiq.Benchmarks;

// What the memory of a process comes to by ever more jobs.
internal sealed class MemoryGrowth(Lab lab) : Growth
{
    public override GrowthPlan Plan { get; } =
        new()
        {
            Name = "memory",
            Title = "Memory of a process",
            Shows =
                "The most that a process ever had in use, one that consumed so many jobs and one that sent them, a hundred under way, and what it has before: no job leaves anything behind.",
            Size = "jobs",
            Unit = "MB",
            Sizes = [10_000, 100_000, 1_000_000],
            QuickSizes = [3000, 30_000, 100_000],
            Drawn = ["consumed", "sent", "idle"],
        };

    public override async Task<IReadOnlyList<double>> Measure(int size, Figures figures)
    {
        double idle;
        double consumed;
        await using (var consumer = await Crowd.Start(lab.Redis.Url, 1, "bench"))
        {
            idle = consumer.Memory.Resident;
            await lab.Fill(["stock"], size);
            await lab.Db.KeyRenameAsync("queue:stock", "queue:bench");
            await DrainMark.Below(lab.Db, "queue:bench", 0);
            consumed = consumer.Memory.Peak;
        }

        await using var sender = await Crowd.Start(lab.Redis.Url, 1, "idle");
        await sender.Send("bench", size);
        var sent = sender.Memory.Peak;
        await lab.Empty();

        figures.Add($"memory.consumed{size}_mb", consumed, "MB");
        figures.Add($"memory.sent{size}_mb", sent, "MB");
        return [consumed, sent, idle];
    }
}
