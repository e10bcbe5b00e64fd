using System.Diagnostics;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// Kills the servers of a test process that died without stopping them.
/// A shell holds the other end of a pipe: it notes the process ids and folders we tell it, and when the pipe breaks, we are gone,
/// so it kills and removes them. (A parent-death signal would fire when the *thread* that started the child ends, and pool threads do.)
/// </summary>
static class Reaper
{
    const string Script = """
        entries=''
        while read -r entry; do
          case $entry in
            -*) entries=$(printf '%s\n' "$entries" | grep -vxF -- "${entry#-}") ;;
            *) entries="$entries
        $entry" ;;
          esac
        done
        printf '%s\n' "$entries" | while read -r kind value; do
          case $kind in
            process) kill -9 "$value" ;;
            folder) rm -rf -- "$value" ;;
          esac
        done
        """;

    static readonly Lock Gate = new();
    static Process? shell;

    public static void Watch(Process process) => Tell($"process {process.Id}");

    public static void Forget(Process process) => Tell($"-process {process.Id}");

    public static void Watch(string folder) => Tell($"folder {folder}");

    static void Tell(string line)
    {
        lock (Gate)
        {
            shell ??= Start();
            shell.StandardInput.WriteLine(line);
            shell.StandardInput.Flush();
        }
    }

    static Process Start()
    {
        // setsid: Ctrl-C at the terminal ends the tests, and must leave the shell to clear up behind them.
        var start = new ProcessStartInfo(Requires.Program("setsid", "util-linux"), ["sh", "-c", Script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }
}
