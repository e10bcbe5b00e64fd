using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace MassTransit.Sidekiq;

// Bars and lines in an SVG of 600 by 120. Texts are encoded here, since a page takes what is drawn as it is.
internal static class Charts
{
    const double Width = 600;
    const double Height = 120;
    const int MostLetters = 24;

    // One bar for each pair, the second number on top of the first in another colour.
    public static string Bars(IEnumerable<(long Below, long Above)> values)
    {
        var all = values
            .Select(value => (Below: Math.Max(value.Below - value.Above, 0), Above: Math.Max(value.Above, 0)))
            .ToArray();
        var most = (double)all.Select(value => value.Below + value.Above).DefaultIfEmpty().Max();
        var svg = new StringBuilder();
        for (var i = 0; i < all.Length && most > 0; i++)
        {
            var (below, above) = (all[i].Below / most * Height, all[i].Above / most * Height);
            Bar(svg, "ok", i, all.Length, Height - below, below);
            Bar(svg, "bad", i, all.Length, Height - below - above, above);
        }

        return svg.ToString();
    }

    // A line through points from 0 to 1 in both directions; a single point is a short line.
    public static string Line(IReadOnlyList<(double Share, double Height)> points)
    {
        var through = points.Count == 1 ? [points[0], (Math.Max(points[0].Share - 0.05, 0), points[0].Height)] : points;
        var text = string.Join(
            ' ',
            through.Select(point =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{point.Share * Width:0.##},{(1 - (point.Height * 0.95)) * Height:0.##}"
                )
            )
        );
        return points.Count == 0 ? "" : $"<polyline points=\"{text}\"/>";
    }

    // Upright lines, each with its label as a tooltip.
    public static string Lines(IEnumerable<(double Share, string Label)> marks) =>
        string.Concat(
            marks.Select(mark =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"<g class=\"mark\"><title>{Encoded(mark.Label)}</title><line x1=\"{mark.Share * Width:0.##}\" y1=\"0\" x2=\"{mark.Share * Width:0.##}\" y2=\"{Height}\"/></g>"
                )
            )
        );

    // Their labels, in an SVG above that is as wide: a chart is stretched, and would stretch them.
    public static string Labels(IEnumerable<(double Share, string Label)> marks) =>
        string.Concat(
            marks.Select(mark =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"<text x=\"{mark.Share * 100:0.##}%\" y=\"13\" text-anchor=\"{(mark.Share > 0.7 ? "end" : "start")}\">{Encoded(Show.Cut(mark.Label, MostLetters))}</text>"
                )
            )
        );

    static string Encoded(string text) => HtmlEncoder.Default.Encode(text);

    static void Bar(StringBuilder svg, string kind, int index, int count, double top, double height)
    {
        if (height > 0)
        {
            var step = Width / count;
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<rect class=\"{kind}\" x=\"{index * step:0.##}\" y=\"{top:0.##}\" width=\"{Math.Max(step * 0.85, 0.5):0.##}\" height=\"{height:0.##}\"/>"
            );
        }
    }
}
