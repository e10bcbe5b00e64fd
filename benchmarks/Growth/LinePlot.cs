using System.Globalization;
using System.Security;
using System.Text;

namespace MassTransit.Sidekiq.Benchmarks;

// Lines on logarithmic axes, as SVG. It has a ground of its own, which is dark where the reader's system is.
internal sealed class LinePlot
{
    const double Width = 760;
    const double Height = 400;
    const double Left = 72;
    const double Right = 24;
    const double Top = 72;
    const double Bottom = 52;

    const string Style = """
        <style>
        text { font: 13px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 }
        .title { font-size: 16px; font-weight: 600 }
        .ground { fill: #ffffff } .grid { stroke: #d8dee4 } .line { fill: none; stroke-width: 2.5 }
        .a { stroke: #2f81f7 } .b { stroke: #e5534b } .c { stroke: #2da44e } .d { stroke: #bf8700 }
        @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .ground { fill: #0d1117 } .grid { stroke: #30363d } }
        </style>
        """;

    static readonly string[] colours = ["a", "b", "c", "d"];

    readonly StringBuilder svg = new();
    readonly LogAxis x;
    readonly LogAxis y;

    LinePlot(IReadOnlyCollection<(double X, double Y)> points)
    {
        x = new LogAxis([.. points.Select(point => point.X)], Left, Width - Right);
        y = new LogAxis([.. points.Select(point => point.Y)], Height - Bottom, Top);
    }

    // Null when nothing can be drawn.
    public static string? Draw(GrowthPlan plan, GrowthCurve curve)
    {
        // Zero has no place on such an axis.
        var lines = plan
            .Drawn.Select(series => (Name: series, Points: curve.Of(series).Where(point => point.Value > 0).ToList()))
            .Where(line => line.Points.Count > 0)
            .ToList();
        return lines.Count == 0 ? null : new LinePlot([.. lines.SelectMany(line => line.Points)]).Write(plan, lines);
    }

    string Write(GrowthPlan plan, List<(string Name, List<(double Size, double Value)> Points)> lines)
    {
        Add(
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" role=\"img\">"
        );
        Add($"<title>{SecurityElement.Escape(plan.Title)}</title>");
        Add($"{Style}");
        Add($"<rect class=\"ground\" width=\"{Width}\" height=\"{Height}\" rx=\"8\"/>");
        Label(Left, 28, "start", plan.Title, "title");
        Grid(plan);
        var legend = Left;
        for (var i = 0; i < lines.Count; i++)
        {
            var colour = colours[i % colours.Length];
            Line(lines[i].Points, colour);
            Add($"<line class=\"line {colour}\" x1=\"{legend}\" y1=\"48\" x2=\"{legend + 22}\" y2=\"48\"/>");
            Label(legend + 28, 52, "start", lines[i].Name);
            legend += 60 + (7.2 * lines[i].Name.Length);
        }

        return svg.Append("</svg>\n").ToString();
    }

    void Grid(GrowthPlan plan)
    {
        foreach (var tick in x.Ticks)
        {
            Add(
                $"<line class=\"grid\" x1=\"{x.At(tick):0.#}\" y1=\"{Top}\" x2=\"{x.At(tick):0.#}\" y2=\"{Height - Bottom}\"/>"
            );
            Label(x.At(tick), Height - Bottom + 18, "middle", LogAxis.Text(tick));
        }

        foreach (var tick in y.Ticks)
        {
            Add(
                $"<line class=\"grid\" x1=\"{Left}\" y1=\"{y.At(tick):0.#}\" x2=\"{Width - Right}\" y2=\"{y.At(tick):0.#}\"/>"
            );
            Label(Left - 8, y.At(tick) + 4, "end", LogAxis.Text(tick));
        }

        Label((Left + Width - Right) / 2, Height - 12, "middle", plan.Size);
        Label(Width - Right, 28, "end", plan.Unit);
    }

    void Line(IEnumerable<(double Size, double Value)> points, string colour)
    {
        var places = points.Select(point => (X: x.At(point.Size), Y: y.At(point.Value))).ToList();
        var path = string.Join(
            ' ',
            places.Select(at => string.Create(CultureInfo.InvariantCulture, $"{at.X:0.#},{at.Y:0.#}"))
        );
        Add($"<polyline class=\"line {colour}\" points=\"{path}\"/>");
        foreach (var at in places)
        {
            Add($"<circle class=\"line {colour}\" cx=\"{at.X:0.#}\" cy=\"{at.Y:0.#}\" r=\"2.5\"/>");
        }
    }

    void Label(double left, double bottom, string anchor, string text, string kind = "")
    {
        var look = kind.Length > 0 ? $" class=\"{kind}\"" : "";
        Add(
            $"<text{look} x=\"{left:0.#}\" y=\"{bottom:0.#}\" text-anchor=\"{anchor}\">{SecurityElement.Escape(text)}</text>"
        );
    }

    void Add(FormattableString element) => svg.Append(element.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
