namespace MassTransit.Sidekiq.TestSupport;

/// <summary>The sources that a test assembly was built from, for the tests that read them.</summary>
public static class Repository
{
    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = Find();

    /// <summary>A file or folder by its path from the root.</summary>
    public static string PathOf(string relative) => Path.Combine(Root, relative);

    /// <summary>The files under a folder, by their path from the root, without what the build made.</summary>
    public static IReadOnlyList<SourceFile> Files(string folder, string pattern) =>
        Directory.Exists(PathOf(folder))
            ?
            [
                .. Directory
                    .EnumerateFiles(PathOf(folder), pattern, SearchOption.AllDirectories)
                    .Select(Read)
                    .Where(IsOurs),
            ]
            : [];

    static SourceFile Read(string path) =>
        new(Path.GetRelativePath(Root, path).Replace('\\', '/'), new Lazy<string>(() => File.ReadAllText(path)));

    static bool IsOurs(SourceFile file) => !file.Path.Split('/').Any(part => part is "bin" or "obj" or "artifacts");

    static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "MassTransit.Sidekiq.sln")))
        {
            folder =
                folder.Parent
                ?? throw new InvalidOperationException($"No MassTransit.Sidekiq.sln above {AppContext.BaseDirectory}.");
        }

        return folder.FullName;
    }
}

/// <summary>A source file: its path from the root, and its text.</summary>
public sealed record SourceFile(string Path, Lazy<string> Content)
{
    /// <summary>Its text.</summary>
    public string Text => Content.Value;

    /// <summary>Its lines.</summary>
    public IReadOnlyList<string> Lines => Text.TrimEnd('\n').Split('\n');

    /// <summary>Its lines that are not comments.</summary>
    public IEnumerable<string> Code =>
        Lines.Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal));

    /// <inheritdoc />
    public override string ToString() => Path;
}
