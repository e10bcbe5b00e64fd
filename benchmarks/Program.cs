using System.Diagnostics;
using MassTransit.Sidekiq.Benchmarks;

// Names of benchmarks run those alone, as --only=consume,send,request,idle,outbox,dashboard,bulk does; --quick measures for a shorter
// time; --verbose adds processor time.
// Every round measures everything once, so that other load on the machine affects all candidates alike.
var quick = args.Contains("--quick", StringComparer.Ordinal);
var only = args.FirstOrDefault(argument => argument.StartsWith("--only=", StringComparison.Ordinal))?[7..];
var chosen = args.Where(argument => !argument.StartsWith('-'))
    .Concat(only?.Split(',') ?? [])
    .ToHashSet(StringComparer.Ordinal);
var rounds = quick ? 3 : 5;
var limit = TimeSpan.FromMinutes(7);

const string Bulk = "bulk";

var clock = Stopwatch.StartNew();
var figures = new Figures();
await using var lab = await Lab.Start(quick, args.Contains("--verbose", StringComparer.Ordinal));
await using var dashboard = new DashboardBenchmark(lab);
(string Name, Func<Figures, Task> Run)[] benchmarks =
[
    ("consume", new ConsumeBenchmark(lab).Run),
    ("send", new SendBenchmark(lab).Run),
    ("request", new RequestBenchmark(lab).Run),
    ("idle", new IdleBenchmark(lab).Run),
    ("outbox", new OutboxBenchmark(lab).Run),
    ("dashboard", dashboard.Run),
    (Bulk, new BulkBenchmark(lab).Run),
];
if (chosen.Except(benchmarks.Select(benchmark => benchmark.Name), StringComparer.Ordinal).ToList() is [var unknown, ..])
{
    await Console.Error.WriteLineAsync(
        $"There is no benchmark '{unknown}'. There are {string.Join(", ", benchmarks.Select(benchmark => benchmark.Name))}."
    );
    return 1;
}

// Round 0 warms up the compiler and is not counted.
for (var round = 0; round <= rounds && clock.Elapsed < limit; round++)
{
    Console.WriteLine(round == 0 ? "Warming up" : $"Round {round} of {rounds}");
    foreach (var (name, run) in benchmarks)
    {
        // It measures the memory of the process, which the others have filled: only when it is asked for.
        if (chosen.Count == 0 ? name != Bulk : chosen.Contains(name))
        {
            var start = clock.Elapsed;
            await run(figures);
            Console.WriteLine($"  {name}: {(clock.Elapsed - start).TotalSeconds:0.0} s");
        }
    }

    if (round == 0)
    {
        figures.Clear();
    }
}

Console.WriteLine();
figures.Print(Console.Out);
figures.Write(Path.Combine("artifacts", "bench.json"));
return 0;
