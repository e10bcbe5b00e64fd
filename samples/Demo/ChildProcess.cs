using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Demo;

// A line of a process's output, with its time.
sealed record Line(string Text, long At);

// One of the processes of the demo: read line by line, and stopped by its id.
sealed class ChildProcess : IAsyncDisposable
{
    const int Terminate = 15;

    static readonly TimeSpan patience = TimeSpan.FromSeconds(30);

    readonly Process process;
    readonly Lock gate = new();
    readonly List<Line> lines = [];
    TaskCompletionSource written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    ChildProcess(string name, ProcessStartInfo start)
    {
        Name = name;
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
    }

    public string Name { get; }

    public int Id => process.Id;

    public static ChildProcess Start(
        string name,
        string program,
        IEnumerable<string> arguments,
        params (string Name, string Value)[] environment
    )
    {
        // setsid: Ctrl-C at the terminal reaches only this process, so that the others stop in order and not all at once.
        var start = new ProcessStartInfo("setsid", [program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        var child = new ChildProcess(name, start);
        child.process.Start();
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();

        return child;
    }

    // The first line, already written or still to come, that contains all these strings.
    public async Task<Line> Line(CancellationToken cancellationToken, params string[] texts)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);

        while (true)
        {
            Task next;
            lock (gate)
            {
                next = written.Task;
            }

            if (Heard(texts) is { } found)
            {
                return found;
            }

            try
            {
                await Task.WhenAny(next, process.WaitForExitAsync(limit.Token)).WaitAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw Missing($"wrote nothing with '{string.Join("' and '", texts)}' in {patience.TotalSeconds} s");
            }

            if (process.HasExited && !next.IsCompleted)
            {
                throw Missing($"ended with {process.ExitCode}");
            }
        }
    }

    // The first line so far that contains all these strings.
    public Line? Heard(params string[] texts)
    {
        lock (gate)
        {
            return lines.Find(line => texts.All(text => line.Text.Contains(text, StringComparison.Ordinal)));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            _ = SendSignal(process.Id, Terminate);
            using var limit = new CancellationTokenSource(patience);
            await process.WaitForExitAsync(limit.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }

    void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        TaskCompletionSource before;
        lock (gate)
        {
            lines.Add(new Line(line, Stopwatch.GetTimestamp()));
            (before, written) = (written, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        before.SetResult();
    }

    DemoException Missing(string what)
    {
        lock (gate)
        {
            var last = string.Join('\n', lines.TakeLast(20).Select(line => line.Text));
            return new DemoException($"{Name} {what}. Its last lines:\n{last}");
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int SendSignal(int process, int signal);
}
