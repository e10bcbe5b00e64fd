using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace MassTransit.Sidekiq.Benchmarks;

// ./build.sh bench growth: measures each growth once, from the smallest size to the largest, and draws what it measured. A curve that
// was not measured now stays as it was.
internal sealed class GrowthRun(BenchOptions options, Lab lab)
{
    // The first word behind "bench".
    public const string Name = "growth";

    const string CurvesFile = "curves.json";

    // A quick look leaves the recorded results alone.
    readonly string folder = options.Quick
        ? Path.Combine("artifacts", Name)
        : Path.Combine("benchmarks", "results", Name);

    // No point begins after this.
    readonly TimeSpan limit = options.Quick ? TimeSpan.FromMinutes(3) : TimeSpan.FromMinutes(12.5);

    readonly Stopwatch clock = Stopwatch.StartNew();
    readonly Figures figures = new();

    // In the order of the page.
    readonly Growth[] growths =
    [
        new QueueLengthGrowth(lab),
        new QueuesGrowth(lab),
        new PayloadGrowth(lab),
        new ProcessesGrowth(lab),
        new IdleProcessesGrowth(lab),
        new EndpointsGrowth(lab),
        new DueSetsGrowth(lab),
        new DueBurstGrowth(lab),
        new SubscriptionsGrowth(lab),
        new OutboxBacklogGrowth(lab),
        new MemoryGrowth(lab),
    ];

    public async Task<int> Run()
    {
        var wanted = options.Only.Where(name => name != Name).ToList();
        if (
            wanted.Except(growths.Select(growth => growth.Plan.Name), StringComparer.Ordinal).ToList()
            is [var unknown, ..]
        )
        {
            await Console.Error.WriteLineAsync(
                $"There is no growth '{unknown}'. There are {string.Join(", ", growths.Select(growth => growth.Plan.Name))}."
            );
            return 1;
        }

        Directory.CreateDirectory(folder);
        var curves = GrowthCurve.Read(Path.Combine(folder, CurvesFile));
        var origin = await Origin();
        // It empties Redis, so not when the first growth has filled it.
        await lab.Written();
        foreach (var growth in growths.Where(growth => wanted.Count == 0 || wanted.Contains(growth.Plan.Name)))
        {
            var curve = new GrowthCurve(origin, await Measure(growth));
            if (curve.Points.Count > 0)
            {
                curves[growth.Plan.Name] = curve;
                Tell(growth.Plan, curve);
            }

            // After each, so that what comes next cannot lose it.
            GrowthCurve.Write(Path.Combine(folder, CurvesFile), curves);
            GrowthPage.Write(folder, growths.Select(each => each.Plan), curves);
        }

        figures.Print(Console.Out);
        figures.WriteInto(Path.Combine("artifacts", "bench.json"));
        Console.WriteLine($"Drawn in {folder}.");
        return 0;
    }

    async Task<List<GrowthPoint>> Measure(Growth growth)
    {
        var (points, began) = (new List<GrowthPoint>(), clock.Elapsed);
        await using (growth)
        {
            foreach (var size in options.Quick ? growth.Plan.QuickSizes : growth.Plan.Sizes)
            {
                if (clock.Elapsed > limit)
                {
                    Console.WriteLine($"  {growth.Plan.Name}: no time left for {size}");
                    continue;
                }

                var values = await growth.Measure(size, figures);
                var named = growth
                    .Plan.Series.Zip(values)
                    .ToDictionary(value => value.First, value => value.Second, StringComparer.Ordinal);
                points.Add(new GrowthPoint(size, named));
                Console.WriteLine(
                    $"  {growth.Plan.Name} {size}: {string.Join(", ", named.Select(value => $"{value.Key} {Figure.Text(value.Value)}"))}"
                );
            }
        }

        await lab.Empty();
        Console.WriteLine($"  {growth.Plan.Name}: {(clock.Elapsed - began).TotalSeconds:0.0} s");
        return points;
    }

    static void Tell(GrowthPlan plan, GrowthCurve curve)
    {
        foreach (var series in plan.Series.Where(series => curve.Power(series) is not null))
        {
            Console.WriteLine($"  {plan.Name}, {series}: size to the power of {curve.Power(series):0.00}");
        }
    }

    async Task<string> Origin()
    {
        var redis = ((string)(await lab.Db.ExecuteAsync("INFO", "server"))!)
            .Split("\r\n")
            .First(line => line.StartsWith("redis_version:", StringComparison.Ordinal))["redis_version:".Length..];
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1 << 30);
        await using var git = ChildProcess.Start("git", ["rev-parse", "--short", "HEAD"]);
        await git.Exited;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Measured on {TimeProvider.System.GetUtcNow():yyyy-MM-dd} at commit {git.Output.Trim()} with `{Command}`: {Environment.ProcessorCount} virtual cores, {memory} GiB, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, Redis {redis}."
        );
    }

    string Command =>
        "./build.sh bench " + string.Join(' ', options.Quick ? options.Only.Append("--quick") : options.Only);
}
