using System.Globalization;
using System.Text;

namespace MassTransit.Sidekiq;

// Bars in an SVG of 600 by 120, drawn from numbers only.
internal static class Charts
{
    const double Width = 600;
    const double Height = 120;

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
