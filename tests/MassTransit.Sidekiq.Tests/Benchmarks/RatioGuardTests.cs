using MassTransit.Sidekiq.Benchmarks;

namespace MassTransit.Sidekiq.Tests.Benchmarks;

public class RatioGuardTests
{
    const string Name = "consume.vs_memory";

    [Theory]
    [InlineData(0.9, 1.0, 1.1, "within the kept spread")]
    [InlineData(1.5, 1.6, 1.7, "better")]
    [InlineData(0.4, 0.79, 1.2, "within the spread of now")]
    public void Ratio_within_its_spread_is_not_marked(double min, double median, double max, string _) =>
        Assert.Equal(
            ["1 of 1 ratios are no worse than the kept ones by more than their spread."],
            RatioGuard.Compare(Kept(Figure.Ratio), Only(new Figure(median, min, max, Figure.Ratio)))
        );

    [Fact]
    public void Ratio_that_fell_by_more_than_its_spread_is_marked_with_both_results() =>
        Assert.Equal(
            [
                "WORSE consume.vs_memory: 0.79 (0.75 to 0.8), kept 1 (0.9 to 1.1)",
                "0 of 1 ratios are no worse than the kept ones by more than their spread.",
            ],
            RatioGuard.Compare(Kept(Figure.Ratio), Only(new Figure(0.79, 0.75, 0.8, Figure.Ratio)))
        );

    [Fact]
    public void Of_times_the_larger_ratio_is_the_worse_one()
    {
        var kept = Kept(Figure.RatioOfTimes);

        Assert.Single(RatioGuard.Compare(kept, Only(new Figure(0.7, 0.7, 0.7, Figure.RatioOfTimes))));
        Assert.StartsWith(
            $"WORSE {Name}: ",
            RatioGuard.Compare(kept, Only(new Figure(1.21, 1.2, 1.22, Figure.RatioOfTimes))).First(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Absolute_figures_are_neither_compared_nor_kept()
    {
        var now = Only(new Figure(1, 1, 1, "jobs/s"));

        Assert.Empty(RatioGuard.Compare(Kept("jobs/s"), now));
        Assert.Empty(RatioGuard.Keep(Only(), now));
    }

    [Fact]
    public void Ratio_that_nothing_was_kept_of_is_named()
    {
        var lines = RatioGuard.Compare(Only(), Only(new Figure(1, 1, 1, Figure.Ratio)));

        Assert.Equal([$"Not kept yet, as --keep does: {Name}"], lines);
    }

    [Fact]
    public void Ratio_that_was_not_measured_stays_kept()
    {
        var kept = Only(("a", new Figure(1, 1, 1, Figure.Ratio)), ("b", new Figure(1, 1, 1, Figure.Ratio)));
        var measured = new Figure(2, 2, 2, Figure.Ratio);

        var result = RatioGuard.Keep(kept, Only(("b", measured), ("c", measured)));

        Assert.Equal([("a", 1.0), ("b", 2.0), ("c", 2.0)], result.Select(pair => (pair.Key, pair.Value.Median)));
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var figures = Only(new Figure(0.123456, 0.1, 12_345.678, Figure.RatioOfTimes));

        var text = Figure.Write(figures);

        Assert.Contains("\"median\": 0.12346", text, StringComparison.Ordinal);
        Assert.Equal(new Figure(0.12346, 0.1, 12_346, Figure.RatioOfTimes), Figure.Read(text)[Name]);
    }

    [Fact]
    public void Figure_is_the_median_of_its_rounds_and_their_bounds()
    {
        Assert.Equal(new Figure(2, 1, 9, "ms"), Figure.Of([9, 1, 2], "ms"));
        Assert.Equal(new Figure(2.5, 1, 9, "ms"), Figure.Of([9, 1, 2, 3], "ms"));
    }

    static Dictionary<string, Figure> Kept(string unit) => Only(new Figure(1, 0.9, 1.1, unit));

    static Dictionary<string, Figure> Only(Figure figure) => Only((Name, figure));

    static Dictionary<string, Figure> Only(params (string Name, Figure Figure)[] figures) =>
        figures.ToDictionary(figure => figure.Name, figure => figure.Figure, StringComparer.Ordinal);
}
