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

        var reason = $"'{name}' is not on the PATH. Install it: apt-get install {debianPackage}";
        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            throw new InvalidOperationException(reason);
        }

        Assert.Skip(reason);
        return "";
    }
}
