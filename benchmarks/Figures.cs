namespace MassTransit.Sidekiq.Benchmarks;

// Collects one value per figure and round; the result is the median over the rounds.
internal sealed class Figures
{
    readonly Dictionary<string, (string Unit, List<double> Values)> figures = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, Figure> Results =>
        figures.ToDictionary(
            figure => figure.Key,
            figure => Figure.Of(figure.Value.Values, figure.Value.Unit),
            StringComparer.Ordinal
        );

    public void Add(string name, double value, string unit)
    {
        if (!figures.TryGetValue(name, out var figure))
        {
            figures[name] = figure = (unit, []);
        }

        figure.Values.Add(value);
    }

    public void AddRatio(string name, double value, double of) => Add(name, value / of, Figure.Ratio);

    // Less is better.
    public void AddRatioOfTimes(string name, double value, double of) => Add(name, value / of, Figure.RatioOfTimes);

    public void Clear() => figures.Clear();

    public void Print(TextWriter output)
    {
        output.WriteLine("| figure | median | min | max | unit | must | aim | |");
        output.WriteLine("|---|---:|---:|---:|---|---:|---:|---|");
        foreach (var (name, figure) in Results)
        {
            var target = Target.Of(name);
            var (must, aim) = target is null ? ("", "") : (Figure.Text(target.Must), Figure.Text(target.Aim));
            output.WriteLine(
                $"| {name} | {Figure.Text(figure.Median)} | {Figure.Text(figure.Min)} | {Figure.Text(figure.Max)} | {figure.Unit} | {must} | {aim} | {target?.Verdict(figure.Median)} |"
            );
        }
    }

    public void Write(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, Figure.Write(Results));
    }

    // Into a file that may hold figures of other runs, which stay.
    public void WriteInto(string file)
    {
        var all = File.Exists(file)
            ? new Dictionary<string, Figure>(Figure.Read(File.ReadAllText(file)), StringComparer.Ordinal)
            : new Dictionary<string, Figure>(StringComparer.Ordinal);
        foreach (var (name, figure) in Results)
        {
            all[name] = figure;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, Figure.Write(all));
    }
}
