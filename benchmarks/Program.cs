using System.Diagnostics;
using MassTransit.Sidekiq.Benchmarks;

// --quick measures for a shorter time; --only=consume,send,request,idle,outbox,dashboard skips the others; --verbose adds processor time.
// Every round measures everything once, so that other load on the machine affects all candidates alike.
var quick = args.Contains("--quick", StringComparer.Ordinal);
var only = args.FirstOrDefault(argument => argument.StartsWith("--only=", StringComparison.Ordinal))?[7..];
var rounds = quick ? 3 : 5;
var limit = TimeSpan.FromMinutes(7);

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
];

// Round 0 warms up the compiler and is not counted.
for (var round = 0; round <= rounds && clock.Elapsed < limit; round++)
{
    Console.WriteLine(round == 0 ? "Warming up" : $"Round {round} of {rounds}");
    foreach (var (name, run) in benchmarks)
    {
        if (only is null || only.Split(',').Contains(name, StringComparer.Ordinal))
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
