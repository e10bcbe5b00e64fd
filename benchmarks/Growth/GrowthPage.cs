using System.Text;

namespace MassTransit.Sidekiq.Benchmarks;

// The page that shows the plots, and the files beside it.
internal static class GrowthPage
{
    const string Head = """
        # Growth

        ```sh
        ./build.sh bench growth                 # about twelve minutes; draws this page anew
        ./build.sh bench growth --quick         # fewer and smaller sizes, into artifacts/growth
        ./build.sh bench growth queues payload  # those alone; the others stay as they are
        ```

        Both axes of each plot are logarithmic. *Power* says with which power of the size a column grows, along the straight line that is nearest to
        its points: 0 for what stays, 1 for what grows in proportion, 2 for what grows with the square. The machine is shared and its absolute
        figures vary by a factor of two from hour to hour: what counts is the slope of a line. Redis is one server on loopback without persistence.
        A Redis percentage is its processor time, reading and writing of sockets included, and 100 is one core.


        """;

    // Writes one SVG for each growth that was measured, and README.md.
    public static void Write(
        string folder,
        IEnumerable<GrowthPlan> plans,
        IReadOnlyDictionary<string, GrowthCurve> curves
    )
    {
        var page = new StringBuilder(Head);
        foreach (var plan in plans)
        {
            if (curves.GetValueOrDefault(plan.Name) is { Points.Count: > 0 } curve)
            {
                Write(page, folder, plan, curve);
            }
        }

        File.WriteAllText(Path.Combine(folder, "README.md"), page.ToString().TrimEnd('\n') + "\n");
    }

    static void Write(StringBuilder page, string folder, GrowthPlan plan, GrowthCurve curve)
    {
        page.Append($"## {plan.Title}\n\n");
        if (LinePlot.Draw(plan, curve) is { } picture)
        {
            File.WriteAllText(Path.Combine(folder, $"{plan.Name}.svg"), picture);
            page.Append($"![{plan.Title}]({plan.Name}.svg)\n\n");
        }

        page.Append($"{plan.Shows}\n\n");
        page.Append($"| {plan.Size} | {string.Join(" | ", plan.Series)} |\n");
        page.Append($"|---:|{string.Concat(plan.Series.Select(_ => "---:|"))}\n");
        foreach (var point in curve.Points)
        {
            var values = plan.Series.Select(series =>
                point.Values.TryGetValue(series, out var value) ? Figure.Text(value) : ""
            );
            page.Append($"| {Figure.Text(point.Size)} | {string.Join(" | ", values)} |\n");
        }

        var powers = plan.Series.Select(series => curve.Power(series) is { } power ? $"{power:0.00}" : "");
        page.Append($"| *power* | {string.Join(" | ", powers)} |\n\n{curve.Origin}\n\n");
    }
}
