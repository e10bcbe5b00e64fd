using System.Globalization;
using System.Text.Json;

namespace MassTransit.Sidekiq.Benchmarks;

// Collects one value per figure and round; the result is the median over the rounds.
internal sealed class Figures
{
    readonly Dictionary<string, (string Unit, List<double> Values)> figures = new(StringComparer.Ordinal);

    public void Add(string name, double value, string unit)
    {
        if (!figures.TryGetValue(name, out var figure))
        {
            figures[name] = figure = (unit, []);
        }

        figure.Values.Add(value);
    }

    public void AddRatio(string name, double value, double of) => Add(name, value / of, "ratio");

    public void Clear() => figures.Clear();

    public void Print(TextWriter output)
    {
        output.WriteLine("| figure | median | min | max | unit | must | aim | |");
        output.WriteLine("|---|---:|---:|---:|---|---:|---:|---|");
        foreach (var (name, (unit, values)) in figures)
        {
            var target = Target.Of(name);
            var (must, aim) = target is null ? ("", "") : (Text(target.Must), Text(target.Aim));
            output.WriteLine(
                $"| {name} | {Text(Median(values))} | {Text(values.Min())} | {Text(values.Max())} | {unit} | {must} | {aim} | {target?.Verdict(Median(values))} |"
            );
        }
    }

    // name -> { median, min, max, unit }, so that a number can be looked up by its name.
    public void Write(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var stream = File.Create(file);
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        foreach (var (name, (unit, values)) in figures)
        {
            json.WriteStartObject(name);
            json.WriteNumber("median", Rounded(Median(values)));
            json.WriteNumber("min", Rounded(values.Min()));
            json.WriteNumber("max", Rounded(values.Max()));
            json.WriteString("unit", unit);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        var middle = sorted.Count / 2;
        return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    static double Rounded(double value) =>
        double.Parse(value.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    static string Text(double value) =>
        value.ToString(Math.Abs(value) >= 100 ? "N0" : "0.###", CultureInfo.InvariantCulture);
}
