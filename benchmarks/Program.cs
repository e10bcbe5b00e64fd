using System.Diagnostics;
using MassTransit.Sidekiq.Benchmarks;

if (args is [Worker.Verb, .. var rest])
{
    return await Worker.Run(rest);
}

if (args is [Crowd.Verb, .. var buses])
{
    return await Crowd.Run(buses);
}

// Names of benchmarks run those alone, as --only=cpu,consume,send,request,request-stages,latency,recovery,idle,cost,outbox,dashboard,bulk,network
// does. `growth` is a run of its own.
// Every round measures everything once, so that other load on the machine affects all candidates alike.
BenchOptions options;
try
{
    options = BenchOptions.Parse(args);
}
catch (FormatException wrong)
{
    await Console.Error.WriteLineAsync(wrong.Message);
    return 1;
}

if (options.Only.Contains(GrowthRun.Name, StringComparer.Ordinal))
{
    await using var growing = await Lab.Start(options);
    return await new GrowthRun(options, growing).Run();
}

var rounds = options.Quick ? 3 : 5;
var limit = TimeSpan.FromMinutes(options.Peers.Count > 0 ? 12 : 8);

const string KeptFile = "benchmarks/results/guard.json";

if (options.Peers.Count == 0)
{
    Console.WriteLine("Without RabbitMQ and Hangfire: --peers=rabbitmq,hangfire compares with them.");
}

var clock = Stopwatch.StartNew();
var figures = new Figures();
await using var lab = await Lab.Start(options);
await using var dashboard = new DashboardBenchmark(lab);
await using var cpu = new CpuBenchmark(lab);
await using var latency = new LatencyBenchmark(lab);
await using var outbox = new OutboxBenchmark(lab);
(string Name, Func<Figures, Task> Run)[] benchmarks =
[
    ("cpu", cpu.Run),
    ("consume", new ConsumeBenchmark(lab).Run),
    ("send", new SendBenchmark(lab).Run),
    ("request", new RequestBenchmark(lab).Run),
    ("request-stages", new RequestProfile(lab).Run),
    ("latency", latency.Run),
    ("recovery", new RecoveryBenchmark(lab).Run),
    ("idle", new IdleBenchmark(lab).Run),
    ("cost", new CostBenchmark(lab).Run),
    ("outbox", outbox.Run),
    ("dashboard", dashboard.Run),
    ("bulk", new BulkBenchmark(lab).Run),
    ("network", new NetworkBenchmark(lab).Run),
];

// The first measures the memory of the process, which the others have filled, the second waits most of its time; and the processes
// of their own are there to be compared.
string[] onRequest = options.Peers.Count > 0 ? ["bulk", "network"] : ["bulk", "network", "cpu", "latency", "recovery"];
if (
    options.Only.Except(benchmarks.Select(benchmark => benchmark.Name), StringComparer.Ordinal).ToList()
    is [var unknown, ..]
)
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
        if (
            options.Only.Count == 0
                ? !onRequest.Contains(name, StringComparer.Ordinal)
                : options.Only.Contains(name, StringComparer.Ordinal)
        )
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
if (options.Quick)
{
    Console.WriteLine();
    Compare();
}

return 0;

void Compare()
{
    var kept = File.Exists(KeptFile)
        ? Figure.Read(File.ReadAllText(KeptFile))
        : new Dictionary<string, Figure>(StringComparer.Ordinal);
    foreach (var line in RatioGuard.Compare(kept, figures.Results))
    {
        Console.WriteLine(line);
    }

    if (options.Keep)
    {
        File.WriteAllText(KeptFile, Figure.Write(RatioGuard.Keep(kept, figures.Results)));
        Console.WriteLine($"Kept in {KeptFile}.");
    }
}
