namespace MassTransit.Sidekiq.Benchmarks;

// What grows with what: a plot and its table on the page.
internal sealed record GrowthPlan
{
    // Of its files.
    public required string Name { get; init; }

    public required string Title { get; init; }

    // What one sees when all is well, in a sentence.
    public required string Shows { get; init; }

    // The axes.
    public required string Size { get; init; }

    public required string Unit { get; init; }

    public required IReadOnlyList<int> Sizes { get; init; }

    // Those of a quick look.
    public required IReadOnlyList<int> QuickSizes { get; init; }

    // The lines of the plot, which are columns of the table too.
    public required IReadOnlyList<string> Drawn { get; init; }

    // Further columns of the table.
    public IReadOnlyList<string> Told { get; init; } = [];

    public IEnumerable<string> Series => Drawn.Concat(Told);
}

// One measurement that is repeated at several sizes, from the smallest to the largest. A file is one growth; a new one is one more line
// in GrowthRun.
internal abstract class Growth : IAsyncDisposable
{
    public abstract GrowthPlan Plan { get; }

    // A value for each series of the plan, in its order.
    public abstract Task<IReadOnlyList<double>> Measure(int size, Figures figures);

    // Ends its processes. Redis is emptied afterwards.
    public async ValueTask DisposeAsync()
    {
        foreach (var crowd in Crowds)
        {
            await crowd.DisposeAsync();
        }
    }

    // The processes that stay from one size to the next.
    protected List<Crowd> Crowds { get; } = [];

    protected static double Median(IReadOnlyCollection<double> values) => Figure.Of(values, "").Median;
}
