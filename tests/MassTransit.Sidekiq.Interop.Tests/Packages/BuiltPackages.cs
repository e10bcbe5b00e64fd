using System.IO.Compression;
using System.Xml.Linq;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>The packages as `./build.sh pack` makes them, once for all tests, from a clone in a folder of its own.</summary>
public sealed class BuiltPackages : IAsyncLifetime
{
    /// <summary>Where the clone says it came from: nobody's, since nothing is fetched from there.</summary>
    public const string Origin = "https://github.com/somebody/masstransit-sidekiq";

    readonly string clone = Directory.CreateTempSubdirectory("sidekiq-pack-").FullName;

    /// <summary>A version that no cache has seen.</summary>
    public string Version { get; } = $"0.0.{Environment.ProcessId}-test.{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}";

    public string Folder => Path.Combine(clone, "artifacts/packages");

    public async ValueTask InitializeAsync()
    {
        var files = await Run("git", Repository.Root, "ls-files", "--cached", "--others", "--exclude-standard");
        foreach (var file in files.Split('\n').Where(file => File.Exists(Repository.PathOf(file))))
        {
            var copy = Path.Combine(clone, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Repository.PathOf(file), copy);
        }

        await Run("git", clone, "init", "--quiet");
        await Run("git", clone, "remote", "add", "origin", Origin);
        await Run("git", clone, "add", "--all");
        await Run(
            "git",
            clone,
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@x.invalid",
            "commit",
            "--quiet",
            "--message=x"
        );
        await Run("bash", clone, "build.sh", "pack", $"-p:Version={Version}");
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
        Directory.Delete(clone, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs a program in a folder and returns what it wrote; fails with that when it fails.</summary>
    public static async Task<string> Run(string program, string folder, params string[] arguments)
    {
        await using var process = ChildProcess.Start(
            Requires.Program(program, program),
            arguments,
            new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1" },
            folder
        );
        await process.Exited.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}\n{process.Dump()}");
        return process.Output;
    }
}
