namespace MassTransit.Sidekiq.TestSupport;

/// <summary>A program that a test cannot do without: missing, it skips the test on a laptop and fails it on CI.</summary>
public static class Requires
{
    /// <summary>The full path of a program on the PATH.</summary>
    public static string Program(string name, string debianPackage)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        var found = folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (found is not null)
        {
            return found;
        }

        return Missing($"'{name}' is not on the PATH. Install it: apt-get install {debianPackage}");
    }

    /// <summary>The folder of a program that Debian keeps off the PATH, one folder for each version: the newest.</summary>
    public static string Folder(string root, string program, string debianPackage)
    {
        var found = Directory.Exists(root)
            ? Directory
                .GetDirectories(root)
                .Order(StringComparer.Ordinal)
                .LastOrDefault(version => File.Exists(Path.Combine(version, program)))
            : null;

        return found is not null
            ? Path.GetDirectoryName(Path.Combine(found, program))!
            : Missing($"There is no '{root}/*/{program}'. Install it: apt-get install {debianPackage}");
    }

    static string Missing(string reason)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            throw new InvalidOperationException(reason);
        }

        Assert.Skip(reason);
        return "";
    }
}
