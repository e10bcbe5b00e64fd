using System.Globalization;
using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq.Tests.Conventions;

/// <summary>What the documentation says is compared with what it speaks of.</summary>
public partial class DocumentationTests
{
    static readonly IReadOnlyList<SourceFile> Pages =
    [
        .. Repository.Files("docs", "*.md"),
        .. Repository.Files("samples", "*.md"),
        .. Repository.Files("ruby", "*.md"),
        .. Repository.Files("src", "*.md"),
        .. Root("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"),
    ];

    [Fact]
    public void Each_block_of_code_is_quoted_from_a_sample()
    {
        var samples = Repository
            .Files("samples", "*.cs")
            .Concat(Repository.Files("samples", "*.rb"))
            .Concat(Repository.Files("tests", "*GuideTests.cs"))
            .Select(file => Normal(file.Text))
            .ToList();
        // RubyGuideTests runs the Ruby of its page from the page itself, and so do the gem's own tests.
        var blocks = Pages
            .Where(page => !page.Path.StartsWith("ruby/", StringComparison.Ordinal))
            .SelectMany(page =>
                Block()
                    .Matches(page.Text)
                    .Where(block => page.Path != "docs/ruby-interop.md" || block.Groups[1].Value == "csharp")
                    .Select(block => block.Groups[2].Value)
            )
            .ToList();

        Assert.NotEmpty(blocks);
        Assert.Empty(
            blocks.Where(block => !samples.Exists(text => text.Contains(Normal(block), StringComparison.Ordinal)))
        );
    }

    [Fact]
    public void Table_of_the_configuration_has_each_option_with_its_default()
    {
        var defaults = new SidekiqTransportOptions();
        var options = typeof(SidekiqTransportOptions)
            .GetProperties()
            .Select(option => $"| `{option.Name}` | {Written(option.GetValue(defaults))} |");

        var table = Row().Matches(Page("docs/configuration.md").Text).Select(row => row.Value);

        Assert.Equal(options, table);
    }

    [Fact]
    public void Each_log_event_is_explained()
    {
        var events = Repository
            .Files("src", "*.cs")
            .SelectMany(file => LogEvent().Matches(file.Text))
            .Select(line => $"| {line.Groups[1].Value} | {line.Groups[2].Value} |")
            .ToList();

        Assert.NotEmpty(events);
        var page = Page("docs/operations.md").Text;
        Assert.Empty(events.Where(row => !page.Contains(row, StringComparison.Ordinal)));
    }

    [Fact]
    public void Each_key_of_ours_is_explained()
    {
        var source = Assert.Single(Repository.Files("src", "RedisKeys.cs"));
        var keys = Key().Matches(source.Text).Select(key => key.Value).Distinct().ToList();

        Assert.NotEmpty(keys);
        var page = Page("docs/operations.md").Text;
        Assert.Empty(keys.Where(key => !Regex.IsMatch(page, $@"`{key}[:`]")));
    }

    [Fact]
    public void Each_text_that_the_troubleshooting_explains_is_one_that_the_code_says()
    {
        var code = string.Join('\n', Repository.Files("src", "*.cs").Select(file => file.Text));
        var ours = Page("docs/troubleshooting.md").Text.Split("\n## ")[0];
        var said = Said().Matches(ours).Select(text => text.Groups[1].Value).ToList();

        Assert.NotEmpty(said);
        // Between the dots stands what the code puts in at run time.
        Assert.Empty(
            said.SelectMany(text => text.Split('…', '(', ')'))
                .Select(part => part.Trim(' ', '.', ':', ',', '\''))
                .Where(part => part.Length > 3 && !code.Contains(part, StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Each_link_leads_to_a_file()
    {
        var broken =
            from page in Pages
            from link in Link().Matches(page.Text)
            let target = link.Groups[1].Value.Split('#')[0]
            where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)
            let path = Path.Combine(Path.GetDirectoryName(Repository.PathOf(page.Path))!, target)
            where !File.Exists(path) && !Directory.Exists(path)
            select $"{page}: {target}";

        Assert.Empty(broken);
    }

    static SourceFile Page(string path) => Pages.Single(page => page.Path == path);

    static IEnumerable<SourceFile> Root(params string[] names) =>
        names.Select(name => new SourceFile(name, new Lazy<string>(() => File.ReadAllText(Repository.PathOf(name)))));

    /// <summary>The lines without their indentation: a quotation may stand at another depth.</summary>
    static string Normal(string code) =>
        string.Join('\n', code.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    static string Written(object? value) =>
        value switch
        {
            null or "" or System.Collections.ICollection { Count: 0 } => "none",
            bool flag => flag ? "`true`" : "`false`",
            _ => string.Create(CultureInfo.InvariantCulture, $"`{value}`"),
        };

    [GeneratedRegex(@"^```(csharp|ruby)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^\| `\w+` \| [^|]* \|(?= [^|]*\|$)", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\[LoggerMessage\(\s*(\d+),\s*LogLevel\.(\w+)")]
    private static partial Regex LogEvent();

    [GeneratedRegex("mt:[a-z]+")]
    private static partial Regex Key();

    [GeneratedRegex(@"^\*\*(.+?)\*\*", RegexOptions.Multiline)]
    private static partial Regex Said();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
