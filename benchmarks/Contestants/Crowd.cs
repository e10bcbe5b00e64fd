using System.Diagnostics;
using System.Globalization;

namespace MassTransit.Sidekiq.Benchmarks;

// One or many buses in a process of its own: this program, started once more. To Redis each bus is a process like any other, with
// connections, a lease and beats of its own. What they consume does nothing.
internal sealed class Crowd : IAsyncDisposable
{
    // The first argument of the program.
    public const string Verb = "crowd";

    const string Sent = "sent";
    const string FirstJob = "the first job runs";

    // So many start at once, and after so many it says so, as nobody waits for long for a line of it.
    const int AtOnce = 8;
    const int Step = 10;

    readonly ChildProcess process;

    Crowd(ChildProcess process) => this.process = process;

    public TimeSpan ProcessorTime
    {
        get
        {
            using var other = Process.GetProcessById(process.Id);
            return other.TotalProcessorTime;
        }
    }

    public ProcessMemory Memory => ProcessMemory.Of(process.Id);

    // Returns when all consume, each of all the queues.
    public static async Task<Crowd> Start(string url, int buses, params IReadOnlyList<string> queues)
    {
        var crowd = Begin(url, buses, queues);
        for (var started = Math.Min(Step, buses); ; started = Math.Min(started + Step, buses))
        {
            await crowd.process.Line(Line(started));
            if (started == buses)
            {
                return crowd;
            }
        }
    }

    // Returns when the process has begun.
    public static Crowd Begin(string url, int buses, params IReadOnlyList<string> queues) =>
        new(
            ChildProcess.Start(
                "dotnet",
                [
                    "exec",
                    typeof(Crowd).Assembly.Location,
                    Verb,
                    url,
                    buses.ToString(CultureInfo.InvariantCulture),
                    string.Join(',', queues),
                ]
            )
        );

    public Task RunsFirstJob() => process.Line(FirstJob);

    // Sends jobs to a queue, a hundred under way; returns when the last is in Redis. Once.
    public async Task Send(string queue, int jobs)
    {
        await process.Write(string.Create(CultureInfo.InvariantCulture, $"{queue} {jobs}"));
        while (!process.Lines.Contains(Sent, StringComparer.Ordinal))
        {
            await Task.Delay(20);
        }
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();

    // The other process.
    public static async Task<int> Run(string[] arguments)
    {
        var contestant = Contestant.Of(Contestant.Ours, new Uri(arguments[0]));
        var buses = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var queues = arguments[2].Split(',', StringSplitOptions.RemoveEmptyEntries);
        var (started, jobs) = (0, 0);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, buses),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (_, _) =>
            {
                await contestant.Consume<BenchJob>(queues, Consume);
                var count = Interlocked.Increment(ref started);
                if (count % Step == 0 || count == buses)
                {
                    Console.WriteLine(Line(count));
                }
            }
        );

        while (await Console.In.ReadLineAsync() is { } line)
        {
            await Send(contestant, line.Split(' '));
            Console.WriteLine(Sent);
        }

        return 0;

        Task Consume(BenchJob job)
        {
            if (Volatile.Read(ref jobs) == 0 && Interlocked.Exchange(ref jobs, 1) == 0)
            {
                Console.WriteLine(FirstJob);
            }

            return Task.CompletedTask;
        }
    }

    static async Task Send(Contestant contestant, string[] order)
    {
        await using var sender = await contestant.Sender<BenchJob>(order[0]);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, int.Parse(order[1], CultureInfo.InvariantCulture)),
            new ParallelOptions { MaxDegreeOfParallelism = 100 },
            async (_, _) => await sender.Send(BenchJob.Any)
        );
    }

    static string Line(int started) => string.Create(CultureInfo.InvariantCulture, $"{started} started.");
}
