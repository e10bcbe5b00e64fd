namespace MassTransit.Sidekiq.Benchmarks;

// Ever more transactions in the outbox, whose tables the database takes for empty ones, and the same after ANALYZE.
internal sealed class OutboxBacklogGrowth(Lab lab) : Growth
{
    readonly int part = lab.Jobs(30_000);

    public override GrowthPlan Plan { get; } =
        new()
        {
            Name = "outbox-backlog",
            Title = "A long outbox",
            Shows =
                "Transactions of one message each on PostgreSQL, drained by one relay, before anybody has told the database how many there are and after ANALYZE: level, since a step reads what it takes from an index.",
            Size = "transactions",
            Unit = "messages/s",
            Sizes = [100_000, 300_000, 1_000_000],
            QuickSizes = [20_000, 50_000],
            Drawn = ["before ANALYZE", "after ANALYZE"],
        };

    public override async Task<IReadOnlyList<double>> Measure(int size, Figures figures)
    {
        await using var database = await OutboxDatabase.Start(lab);
        var backlog = new OutboxBacklog(lab, database);
        await backlog.Write(size, isSudden: true);
        var before = await backlog.Drain(1, part);
        await backlog.Analyze();
        return [before, await backlog.Drain(1, part)];
    }
}
