using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>Another process that a test starts, listens to and ends, and that does not outlive the test process.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    const int MaximumDumpLines = 60;

    readonly Process process;
    readonly Lock gate = new();
    readonly List<string> lines = [];
    readonly List<string> output = [];
    readonly List<(Func<string, bool> Wanted, TaskCompletionSource<string> Found)> waiters = [];
    readonly TaskCompletionSource exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    ChildProcess(ProcessStartInfo start)
    {
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, e) => Heard(e.Data, isOutput: true);
        process.ErrorDataReceived += (_, e) => Heard(e.Data, isOutput: false);
        process.Exited += (_, _) => Ended();
    }

    /// <summary>The process id.</summary>
    public int Id => process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>Whether it stands where <see cref="UnixSignal.Stop"/> met it; told on Linux alone.</summary>
    internal bool IsStopped
    {
        get
        {
            // "17 (redis-server) T 1 …": the name may hold anything, brackets included.
            var state = File.ReadAllText($"/proc/{Id}/stat");
            return state[state.LastIndexOf(')')..].StartsWith(") T", StringComparison.Ordinal);
        }
    }

    /// <summary>What it returned; only after it has ended.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>Completes when the process has ended, however that came.</summary>
    public Task Exited => exited.Task;

    /// <summary>Everything it wrote so far, standard output and error together.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (gate)
            {
                return [.. lines];
            }
        }
    }

    /// <summary>What it wrote to standard output.</summary>
    public string Output
    {
        get
        {
            lock (gate)
            {
                return string.Join('\n', output);
            }
        }
    }

    /// <summary>Starts a program.</summary>
    public static ChildProcess Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string? folder = null
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var child = new ChildProcess(start);
        child.process.Start();
        Reaper.Watch(child.process);
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        // Now, or at once if it has ended already: its end is told when its lines are read.
        child.process.EnableRaisingEvents = true;
        return child;
    }

    /// <summary>Completes with the first line, written already or still to come, that is wanted; fails when the process ends before.</summary>
    public async Task<string> Line(Func<string, bool> wanted, string what)
    {
        Task<string> found;
        lock (gate)
        {
            if (lines.FirstOrDefault(wanted) is { } line)
            {
                return line;
            }

            if (exited.Task.IsCompleted)
            {
                throw Gone(what);
            }

            var waiter = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add((wanted, waiter));
            found = waiter.Task;
        }

        await Task.WhenAny(found, exited.Task).InTime(() => $"{what}\n{Dump()}");
        return found.IsCompletedSuccessfully ? await found : throw Gone(what);
    }

    /// <summary>Completes with the first line that contains the text.</summary>
    public Task<string> Line(string text) =>
        Line(line => line.Contains(text, StringComparison.Ordinal), $"a line with '{text}'");

    /// <summary>Writes a line to its standard input.</summary>
    public async Task Write(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
    }

    /// <summary>Sends a signal, for instance <see cref="UnixSignal.Stop"/>.</summary>
    public void Send(UnixSignal signal)
    {
        if (!HasExited)
        {
            _ = SendSignal(Id, (int)signal);
        }
    }

    /// <summary>Ends it at once, as a crash does, and returns when it is gone.</summary>
    public async Task Kill()
    {
        Send(UnixSignal.Kill);
        await Exited.InTime($"process {Id} ends after SIGKILL");
    }

    /// <summary>Asks it to end, and returns when it is gone.</summary>
    public async Task Stop()
    {
        Send(UnixSignal.Terminate);
        await Exited.InTime(() => $"process {Id} ends after SIGTERM\n{Dump()}");
    }

    /// <summary>The end of what it wrote, for a message.</summary>
    public string Dump() => string.Join('\n', Lines.TakeLast(MaximumDumpLines));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Kill();
        process.Dispose();
    }

    void Heard(string? line, bool isOutput)
    {
        if (line is null)
        {
            return;
        }

        lock (gate)
        {
            lines.Add(line);
            if (isOutput)
            {
                output.Add(line);
            }

            foreach (var waiter in waiters.Where(waiter => waiter.Wanted(line)).ToList())
            {
                waiters.Remove(waiter);
                waiter.Found.SetResult(line);
            }
        }
    }

    void Ended()
    {
        Reaper.Forget(process);
        // Exited may come before the last lines were read; this returns when they were.
        process.WaitForExit();
        exited.TrySetResult();
    }

    InvalidOperationException Gone(string what) =>
        new($"The process ended with {ExitCode} before {what}. It wrote:\n{Dump()}");

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int SendSignal(int process, int signal);
}

/// <summary>The signals that tests send.</summary>
public enum UnixSignal
{
    /// <summary>Ends a program as Ctrl-C does; PostgreSQL breaks its connections and closes its files.</summary>
    Interrupt = 2,

    /// <summary>Ends a process at once; nothing in it runs any more.</summary>
    Kill = 9,

    /// <summary>Asks a process to end.</summary>
    Terminate = 15,

    /// <summary>Lets a stopped process go on.</summary>
    Continue = 18,

    /// <summary>Stops a process where it stands; its connections stay open and silent.</summary>
    Stop = 19,

    /// <summary>Asks a Sidekiq process to take no more jobs.</summary>
    Quiet = 20,
}
