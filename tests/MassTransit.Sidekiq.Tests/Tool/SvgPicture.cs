using System.Globalization;
using System.Net;
using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace MassTransit.Sidekiq.Tests.Tool;

/// <summary>What a console shows as a picture for a page: each piece of text at its place, in its color.</summary>
sealed class SvgPicture(string command) : IAnsiConsoleEncoder
{
    const double Letter = 8.4;
    const int Line = 18;

    // One that no viewer folds into its neighbours.
    const char Space = '\u00a0';

    const int Margin = 14;

    public string Encode(IAnsiConsole console, IEnumerable<IRenderable> renderables)
    {
        var lines = Segment.SplitLines(renderables.SelectMany(renderable => renderable.GetSegments(console)));
        var pieces = new StringBuilder();
        Piece(pieces, $"$ {command}", 0, 0, "#8be9fd");
        foreach (var (line, segments) in lines.Index())
        {
            var column = 0;
            foreach (var segment in segments.Where(segment => !segment.IsControlCode))
            {
                Piece(pieces, segment.Text, line + 1, column, ColorOf(segment.Style));
                column += segment.CellCount();
            }
        }

        var (width, height) = (lines.Max(line => line.CellCount()) * Letter, (lines.Count + 1) * Line);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{width + (2 * Margin):0}" height="{height
                + (
                    2 * Margin
                )}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
            <rect width="100%" height="100%" rx="8" fill="#1e1e2e"/>
            {pieces}</svg>

            """
        );
    }

    static string ColorOf(Style style) =>
        style.Foreground == Color.Green ? "#50fa7b"
        : style.Foreground == Color.Yellow ? "#f1fa8c"
        : style.Foreground == Color.Red ? "#ff5555"
        : style.Decoration.HasFlag(Decoration.Bold) ? "#ffffff"
        : "#cdd6f4";

    // Its width is given, so that columns are straight in any font.
    static void Piece(StringBuilder pieces, string text, int line, int column, string color)
    {
        var shown = text.Trim();
        if (shown.Length == 0)
        {
            return;
        }

        var left = Margin + ((column + text.IndexOf(shown, StringComparison.Ordinal)) * Letter);
        pieces.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"{left:0.#}\" y=\"{Margin + 12 + (line * Line)}\" fill=\"{color}\" textLength=\"{shown.Length * Letter:0.#}\" lengthAdjust=\"spacingAndGlyphs\">{WebUtility.HtmlEncode(shown.Replace(' ', Space))}</text>\n"
        );
    }
}
