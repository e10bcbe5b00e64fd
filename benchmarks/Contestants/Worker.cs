using System.Diagnostics;
using System.Globalization;

namespace MassTransit.Sidekiq.Benchmarks;

// A consumer in a process of its own: this program, started once more. It writes a line for each message that it starts.
internal sealed class Worker : IAsyncDisposable
{
    // The first argument of the program.
    public const string Verb = "worker";

    const string Ready = "ready";
    const string Hold = "hold";

    readonly ChildProcess process;

    Worker(ChildProcess process) => this.process = process;

    public TimeSpan ProcessorTime
    {
        get
        {
            using var other = Process.GetProcessById(process.Id);
            return other.TotalProcessorTime;
        }
    }

    // Returns when it consumes. With `holding` it never comes to the end of a message.
    public static async Task<Worker> Start(Contestant contestant, string[] queues, bool holding = false)
    {
        var process = ChildProcess.Start(
            "dotnet",
            [
                "exec",
                typeof(Worker).Assembly.Location,
                Verb,
                contestant.Name,
                contestant.Address.ToString(),
                string.Join(',', queues),
                holding ? Hold : "",
            ]
        );
        await process.Line(Ready);
        return new Worker(process);
    }

    // How long the message had been under way when it was started.
    public async Task<TimeSpan> Started(TimedJob message)
    {
        var start = Line(message);
        var line = await process.Line(line => line.StartsWith(start, StringComparison.Ordinal), start);
        return TimeSpan.FromTicks(long.Parse(line.AsSpan(start.Length), CultureInfo.InvariantCulture));
    }

    // Returns when what was sent to warm it up is through.
    public async Task Warm(Contestant contestant, Sender<TimedJob> sender)
    {
        await Lab.Warm(contestant.Callers, () => sender.Send(TimedJob.Untold));
        var last = TimedJob.Now;
        await sender.Send(last);
        await Started(last);
    }

    // As a crash does.
    public Task Kill() => process.Kill();

    public ValueTask DisposeAsync() => process.DisposeAsync();

    // The other process.
    public static async Task<int> Run(string[] arguments)
    {
        var contestant = Contestant.Of(arguments[0], new Uri(arguments[1]));
        var end = arguments[3] == Hold ? new TaskCompletionSource().Task : Task.CompletedTask;
        await using var consumer = await contestant.Consume<TimedJob>(arguments[2].Split(','), Consume);
        Console.WriteLine(Ready);
        await Task.Delay(Timeout.Infinite);
        return 0;

        Task Consume(TimedJob message)
        {
            // One clock for all processes of the machine.
            var latency = Stopwatch.GetElapsedTime(message.SentAt);
            if (message.SentAt > 0)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Line(message)}{latency.Ticks}"));
            }

            return end;
        }
    }

    static string Line(TimedJob message) => string.Create(CultureInfo.InvariantCulture, $"started {message.SentAt} ");
}
