using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq.Tests.Conventions;

/// <summary>What the documentation says to type at a shell.</summary>
public sealed partial class ShellTests
{
    static readonly IReadOnlyList<SourceFile> pages =
    [
        .. Repository.Files("docs", "*.md"),
        .. Repository.Files("benchmarks", "*.md"),
        .. Repository.Files("samples", "*.md"),
        .. Repository.Files("ruby", "*.md"),
        .. new[] { "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md" }.Select(name => new SourceFile(
            name,
            new Lazy<string>(() => File.ReadAllText(Repository.PathOf(name)))
        )),
    ];

    static readonly IReadOnlyList<string> commands =
    [
        .. pages
            .SelectMany(page => Block().Matches(page.Text))
            .SelectMany(block => block.Groups[1].Value.Split('\n'))
            .Select(line => line.Split(" #")[0].Trim())
            .Where(line => line.Length > 0),
    ];

    // OrdersApi.Tests starts the worker with these words, and compares the Docker files with what they name.
    static readonly string[] sampleCommands =
    [
        "docker compose up --build",
        "sidekiq -C sidekiq.yml -r ./worker.rb",
        "dotnet run",
        // QuickStartTests run what it builds, with Redis and without.
        "dotnet run --project samples/QuickStart",
    ];

    // MigrationTests of the packages type these.
    static readonly string[] migrationCommands =
    [
        "dotnet ef migrations add Outbox",
        "dotnet ef migrations has-pending-model-changes",
        "dotnet ef database update",
    ];

    // ToolPackageTests types these.
    static readonly string[] toolCommands =
    [
        "dotnet new tool-manifest",
        "dotnet tool install MassTransit.Sidekiq.Tool",
        "dotnet sidekiq doctor --redis redis://localhost:6379/0",
    ];

    [Fact]
    public void Each_command_is_of_a_kind_that_a_test_knows() =>
        Assert.Empty(
            commands.Where(command =>
                !command.StartsWith("./build.sh ", StringComparison.Ordinal)
                && !command.StartsWith("redis-cli ", StringComparison.Ordinal)
                && !Package().IsMatch(command)
                && !OneClass().IsMatch(command)
                && !sampleCommands.Contains(command)
                && !migrationCommands.Contains(command)
                && !toolCommands.Contains(command)
                && !IsGemTest(command)
                // ApiGuideTests of the dashboard type these.
                && !command.StartsWith("curl -sf ", StringComparison.Ordinal)
                && command != "dotnet nuget add source \"$PWD/artifacts/packages\" --name masstransit-sidekiq"
            )
        );

    [Fact]
    public void No_command_stands_outside_of_a_block_where_no_test_would_see_it() =>
        Assert.Empty(pages.SelectMany(page => Indented().Matches(page.Text).Select(line => $"{page}: {line.Value}")));

    [Fact]
    public void Verbs_and_options_of_the_build_script_are_there()
    {
        var script = File.ReadAllText(Repository.PathOf("build.sh"));
        var usage = script[..script.IndexOf("\nEOF", StringComparison.Ordinal)];
        var used = commands.Where(command => command.StartsWith("./build.sh ", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(used);
        // The options of the benchmarks are those of their program.
        Assert.Empty(
            used.Where(command =>
            {
                var words = command.Split(' ');
                var line = usage
                    .Split('\n')
                    .FirstOrDefault(line => line.StartsWith($"./build.sh {words[1]}", StringComparison.Ordinal));
                return line is null
                    || (
                        words[1] != "bench"
                        && words.Skip(2).Any(option => !line.Contains(option, StringComparison.Ordinal))
                    );
            })
        );
    }

    [Fact]
    public void Packages_to_add_are_ours_or_those_that_we_use()
    {
        var known = File.ReadAllText(Repository.PathOf("Directory.Packages.props"));

        Assert.All(
            commands.Select(command => Package().Match(command)).Where(match => match.Success),
            match =>
            {
                var package = match.Groups[1].Value;
                Assert.True(
                    Directory.Exists(Repository.PathOf($"src/{package}"))
                        || known.Contains(
                            $"Include=\"{package}\" Version=\"{match.Groups[2].Value}\"",
                            StringComparison.Ordinal
                        ),
                    package
                );
            }
        );
    }

    [Fact]
    public void Test_class_to_run_alone_is_there()
    {
        var match = Assert.Single(
            commands.Select(command => OneClass().Match(command)),
            (Predicate<Match>)(match => match.Success)
        );

        Assert.Single(Repository.Files(match.Groups[1].Value, $"{match.Groups[2].Value}.cs"));
    }

    [Fact]
    public async Task Redis_takes_each_command_for_it()
    {
        await using var redis = await RedisServer.Lease();
        var typed = commands.Where(command => command.StartsWith("redis-cli ", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(typed);
        foreach (var command in typed)
        {
            var words = command.Split(' ');
            // An error of Redis is an exception here.
            _ = await redis.Db.ExecuteAsync(words[1], [.. words.Skip(2)]);
        }
    }

    static bool IsGemTest(string command) =>
        GemTest().Match(command) is { Success: true } match
        && Directory.Exists(Repository.PathOf(match.Groups[1].Value))
        && File.Exists(Repository.PathOf(match.Groups[2].Value));

    [GeneratedRegex(@"^ruby -I (\S+) (\S+)$")]
    private static partial Regex GemTest();

    [GeneratedRegex(@"^```sh\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^ {4}(?:\./|dotnet |redis-cli |docker |git |apt).*", RegexOptions.Multiline)]
    private static partial Regex Indented();

    [GeneratedRegex(@"^dotnet run --project (tests/[\w.]+) -- -class [\w.]+\.(\w+)$")]
    private static partial Regex OneClass();

    [GeneratedRegex(@"^dotnet add package ([\w.]+)(?: --version ([\d.]+))?$")]
    private static partial Regex Package();
}
