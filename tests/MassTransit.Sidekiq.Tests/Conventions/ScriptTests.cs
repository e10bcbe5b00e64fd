using System.Reflection;
using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq.Tests.Conventions;

public partial class ScriptTests
{
    static readonly IReadOnlyList<SourceFile> Scripts = Repository.Files("src", "*.lua");

    [Fact]
    public void Script_opens_with_its_name_and_what_it_returns() =>
        Assert.Empty(
            Scripts.Where(script =>
                !SaysItsName(script) || !Header(script).Contains("Returns", StringComparison.Ordinal)
            )
        );

    [Fact]
    public void Script_explains_each_key_and_argument_before_it_uses_it()
    {
        var unexplained = Scripts.SelectMany(script =>
            Input()
                .Matches(Body(script))
                .Select(match => match.Value)
                .Except(Explained(script))
                .Select(input => $"{script}: {input}")
        );

        Assert.Empty(unexplained);
    }

    [Fact]
    public async Task Redis_can_load_each_script()
    {
        await using var redis = await RedisServer.Lease();

        foreach (var script in Scripts)
        {
            var hash = (string)(await redis.Db.ExecuteAsync("SCRIPT", "LOAD", script.Text))!;
            Assert.Matches("^[0-9a-f]{40}$", hash);
        }
    }

    [Fact]
    public void Each_script_is_in_the_assembly()
    {
        var embedded = new[] { "MassTransit.Sidekiq", "MassTransit.Sidekiq.Embedded" }.SelectMany(name =>
            Assembly.Load(name).GetManifestResourceNames()
        );

        Assert.Empty(Scripts.Select(script => Path.GetFileName(script.Path)).Except(embedded));
    }

    // Ruby runs the same steps, from its own package.
    [Fact]
    public void Script_of_the_gem_is_the_one_of_NET()
    {
        var copies = Repository.Files("ruby", "*.lua");

        Assert.NotEmpty(copies);
        Assert.Empty(
            copies.Where(copy =>
                Scripts.Single(script => Path.GetFileName(script.Path) == Path.GetFileName(copy.Path)).Text != copy.Text
            )
        );
    }

    static bool SaysItsName(SourceFile script) =>
        script.Text.StartsWith($"-- {Path.GetFileName(script.Path)}: ", StringComparison.Ordinal);

    static string Header(SourceFile script) => string.Join('\n', script.Lines.TakeWhile(IsComment));

    static string Body(SourceFile script) => string.Join('\n', script.Lines.SkipWhile(IsComment));

    static bool IsComment(string line) => line.StartsWith("--", StringComparison.Ordinal);

    static IEnumerable<string> Explained(SourceFile script) =>
        Input().Matches(Header(script)).Select(match => match.Value);

    [GeneratedRegex(@"\b(KEYS|ARGV)\[\d+\]")]
    private static partial Regex Input();
}
