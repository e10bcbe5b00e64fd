namespace MassTransit.Sidekiq.TestSupport;

/// <summary>Database servers refuse to run as root: then each runs as the user that its package made.</summary>
static class ServerAccount
{
    // A set of system tables is made once, while all tests of an assembly wait for it.
    static readonly TimeSpan longestSetup = TimeSpan.FromMinutes(1);

    static bool IsRoot => Environment.UserName == "root";

    /// <summary>The command that runs a program as that user.</summary>
    public static string[] As(string user, string program) =>
        IsRoot
            ?
            [
                Requires.Program("setpriv", "util-linux"),
                $"--reuid={user}",
                $"--regid={user}",
                "--clear-groups",
                program,
            ]
            : [program];

    /// <summary>Makes a folder that user's.</summary>
    public static Task Own(string user, string folder) => IsRoot ? Run("chown", user, folder) : Task.CompletedTask;

    /// <summary>Runs a command to its end, which must be a good one.</summary>
    public static async Task Run(params string[] command)
    {
        await using var process = ChildProcess.Start(command[0], command[1..]);
        await process.Exited.WaitAsync(longestSetup);
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)} failed:\n{process.Dump()}");
    }
}
