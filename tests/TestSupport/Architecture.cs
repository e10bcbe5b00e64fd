using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// A package as docs/architecture.md draws it, held against its compiled assembly. The drawing is a block of lines, lowest
/// folder first, each `folder: the folders it uses`.
/// </summary>
public sealed partial class Architecture
{
    readonly IReadOnlyDictionary<string, IReadOnlySet<string>> files;
    readonly Dictionary<string, string[]> drawing;

    Architecture(string package)
    {
        files = FileGraph.Of(Path.Combine(AppContext.BaseDirectory, package + ".dll"), $"src/{package}");
        drawing = Drawing(package);
    }

    /// <summary>Of a package in src.</summary>
    public static Architecture Of(string package) => new(package);

    /// <summary>References that the drawing does not have.</summary>
    public IEnumerable<string> Undrawn =>
        from arrow in Arrows
        where !drawing.GetValueOrDefault(arrow.From, []).Contains(arrow.To, StringComparer.Ordinal)
        orderby arrow.File, arrow.Used
        select $"{arrow.File} uses {arrow.Used}, and {arrow.From} may not use {arrow.To}";

    /// <summary>Arrows of the drawing that no file needs, or that point to a folder above their own; folders that are missing in it.</summary>
    public IEnumerable<string> Misdrawn
    {
        get
        {
            var (order, needed) = (drawing.Keys.ToList(), Arrows.Select(arrow => (arrow.From, arrow.To)).ToHashSet());
            var arrows = drawing.SelectMany(line => line.Value.Select(to => (From: line.Key, To: to))).ToList();
            var folders = files.Keys.Select(Folder).Distinct(StringComparer.Ordinal).ToList();

            return
            [
                .. arrows
                    .Where(arrow => !needed.Contains(arrow))
                    .Select(arrow => $"{arrow.From} does not use {arrow.To}"),
                .. arrows
                    .Where(arrow => order.IndexOf(arrow.To) >= order.IndexOf(arrow.From))
                    .Select(arrow => $"{arrow.To} stands above {arrow.From}, which uses it"),
                .. folders.Except(order).Select(folder => $"{folder} is not in the drawing"),
                .. order.Except(folders).Select(folder => $"{folder} is no folder"),
            ];
        }
    }

    /// <summary>Groups of files that know each other in a circle, when they are larger than this.</summary>
    public IEnumerable<string> KnotsAbove(int size) =>
        FileGraph
            .Knots(files)
            .Where(knot => knot.Count > size)
            .Select(knot => string.Join(' ', knot.Order(StringComparer.Ordinal)));

    IEnumerable<(string File, string Used, string From, string To)> Arrows =>
        from file in files
        from used in file.Value
        where Folder(file.Key) != Folder(used)
        select (file.Key, used, Folder(file.Key), Folder(used));

    static string Folder(string file) => Path.GetDirectoryName(file)!.Replace('\\', '/');

    static Dictionary<string, string[]> Drawing(string package)
    {
        var page = File.ReadAllText(Repository.PathOf("docs/architecture.md"));
        var block = Block().Matches(page).Single(block => block.Groups["package"].Value == package);

        return block
            .Groups["lines"]
            .Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(':', 2))
            .ToDictionary(
                line => line[0].Trim(),
                line => line[1].Split(' ', StringSplitOptions.RemoveEmptyEntries),
                StringComparer.Ordinal
            );
    }

    [GeneratedRegex(
        @"^`src/(?<package>[\w.]+)`[^\n]*\n\n```\n(?<lines>.*?)```",
        RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        30_000
    )]
    private static partial Regex Block();
}
