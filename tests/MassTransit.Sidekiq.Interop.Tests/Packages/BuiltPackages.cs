using System.IO.Compression;
using System.Xml.Linq;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>The packages as `./build.sh pack` makes them, once for all tests, from a copy of the sources in a folder of its own.</summary>
public sealed class BuiltPackages : IAsyncLifetime
{
    /// <summary>Where the copy says it came from: nobody's, since nothing is fetched from there.</summary>
    public const string Origin = "https://github.com/somebody/masstransit-sidekiq";

    // Named one by one: a worktree of git has a file .git there, which would make the copy the same repository.
    static readonly string[] atRoot =
    [
        ".editorconfig",
        "BannedSymbols.txt",
        "build.sh",
        "Directory.Build.props",
        "Directory.Packages.props",
        "docs/images/icon.png",
        "global.json",
        "LICENSE",
    ];

    readonly string copy = Directory.CreateTempSubdirectory("sidekiq-pack-").FullName;

    /// <summary>A version that no cache has seen.</summary>
    public string Version { get; } = $"0.0.{Environment.ProcessId}-test.{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}";

    public string Folder => Path.Combine(copy, "artifacts/packages");

    public async ValueTask InitializeAsync()
    {
        foreach (var file in Repository.Files("src", "*").Select(file => file.Path).Concat(atRoot))
        {
            var target = Path.Combine(copy, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Repository.PathOf(file), target);
        }

        await Git("init", "--quiet");
        await Git("remote", "add", "origin", Origin);
        await Git("add", "--all");
        await Git("-c", "user.name=x", "-c", "user.email=x@x.invalid", "commit", "--quiet", "--message=x");
        await Run("bash", copy, "build.sh", "pack", $"-p:Version={Version}");
    }

    public ZipArchive Open(string package, string extension = "nupkg") =>
        ZipFile.OpenRead(Path.Combine(Folder, $"{package}.{Version}.{extension}"));

    /// <summary>What a package says of itself.</summary>
    public XElement Metadata(string package)
    {
        using var archive = Open(package);
        using var nuspec = archive.GetEntry($"{package}.nuspec")!.Open();

        return XDocument.Load(nuspec).Root!.Elements().Single(element => element.Name.LocalName == "metadata");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(copy, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs a program in a folder and returns what it wrote; fails with that when it fails.</summary>
    public static Task<string> Run(string program, string folder, params string[] arguments) =>
        Run(program, folder, new() { ["MSBUILDDISABLENODEREUSE"] = "1" }, arguments);

    // Where it works is said, so that no variable of a hook that runs the tests leads git to another repository.
    Task Git(params string[] arguments) =>
        Run(
            "git",
            copy,
            new()
            {
                ["GIT_DIR"] = $"{copy}/.git",
                ["GIT_WORK_TREE"] = copy,
                ["GIT_INDEX_FILE"] = $"{copy}/.git/index",
            },
            arguments
        );

    static async Task<string> Run(
        string program,
        string folder,
        Dictionary<string, string> environment,
        string[] arguments
    )
    {
        await using var process = ChildProcess.Start(
            Requires.Program(program, program),
            arguments,
            environment,
            folder
        );
        await process.Exited.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}\n{process.Dump()}");
        return process.Output;
    }
}

/// <summary>The tests of the packages: one after another, on packages that are built once.</summary>
[CollectionDefinition]
public sealed class InstallTests : ICollectionFixture<BuiltPackages>;
