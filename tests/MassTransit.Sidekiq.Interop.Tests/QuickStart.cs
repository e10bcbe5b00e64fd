namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>The sample of the README, as built with these tests.</summary>
static class QuickStart
{
    /// <summary>Where it is, with its Ruby half.</summary>
    public static string Folder
    {
        get
        {
            var build = new DirectoryInfo(AppContext.BaseDirectory);
            return Repository.PathOf($"samples/QuickStart/bin/{build.Parent!.Name}/{build.Name}");
        }
    }

    /// <summary>Runs it as a process of its own.</summary>
    public static ChildProcess Start(IReadOnlyDictionary<string, string> environment) =>
        ChildProcess.Start(
            Requires.Program("dotnet", "dotnet-sdk-10.0"),
            ["exec", Path.Combine(Folder, "QuickStart.dll")],
            environment
        );
}
