using System.Text.RegularExpressions;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Conventions;

public partial class SourceTests
{
    static readonly IReadOnlyList<SourceFile> Library = Repository.Files("src", "*.cs");

    [Fact]
    public void Redis_is_touched_in_the_folder_Redis_alone()
    {
        var client = typeof(IDatabase)
            .Assembly.GetExportedTypes()
            .Select(type => type.Name.Split('`')[0])
            .ToHashSet(StringComparer.Ordinal);
        // An application may hand us the connection it has, or the options of one: these are in the words of the client.
        client.ExceptWith([nameof(IConnectionMultiplexer), nameof(ConfigurationOptions)]);
        // A word of ours as well.
        client.Remove("Lease");

        var elsewhere = Library
            .Where(file => !file.Path.Contains("/Redis/", StringComparison.Ordinal))
            .Where(file => file.Code.Any(line => line.Contains("StackExchange.Redis", StringComparison.Ordinal)))
            .Where(file => file.Code.SelectMany(line => Word().Matches(line)).Any(word => client.Contains(word.Value)));

        Assert.Empty(elsewhere);
    }

    // MassTransit keeps its harnesses in MassTransit.Testing, so users look for ours there.
    [Fact]
    public void Namespaces_are_two_what_users_type_and_the_rest()
    {
        var namespaces = Library
            .Where(file => !file.Path.Contains("/Testing/", StringComparison.Ordinal))
            .SelectMany(file => Namespace().Matches(file.Text))
            .Select(match => match.Groups[1].Value);

        Assert.Empty(namespaces.Distinct().Except(["MassTransit", "MassTransit.Sidekiq"]));
    }

    // A test class is a list of cases, which one reads one at a time.
    [Theory]
    [InlineData("src", "*.cs", 300)]
    [InlineData("src", "*.lua", 100)]
    [InlineData("tests", "*.cs", 400)]
    [InlineData("samples", "*.cs", 300)]
    [InlineData("benchmarks", "*.cs", 300)]
    public void File_is_short_enough_to_be_read_at_once(string folder, string pattern, int maximumLines) =>
        Assert.Empty(Repository.Files(folder, pattern).Where(file => file.Lines.Count > maximumLines));

    // What ships as documentation is for users: a remark on an internal is //.
    [Fact]
    public void Documentation_is_in_tags() =>
        Assert.Empty(
            Library.Concat(Repository.Files("tests", "*.cs")).Where(file => BareDocumentation().IsMatch(file.Text))
        );

    [Fact]
    public void Nothing_is_left_for_later()
    {
        var files = Library.Concat(Repository.Files("src", "*.lua"));

        Assert.Empty(files.Where(file => Unfinished().IsMatch(file.Text)));
    }

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    // A block of /// whose first line has no tag.
    [GeneratedRegex(@"(?<!///.*\n)^\s*///(?!\s*<)", RegexOptions.Multiline)]
    private static partial Regex BareDocumentation();

    [GeneratedRegex(@"NotImplementedException|\b(TODO|FIXME|HACK)\b")]
    private static partial Regex Unfinished();
}
