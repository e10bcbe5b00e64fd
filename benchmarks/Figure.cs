using System.Globalization;
using System.Text.Json;

namespace MassTransit.Sidekiq.Benchmarks;

// One figure of a run: the median over its rounds, and the least and the most of them.
internal sealed record Figure(double Median, double Min, double Max, string Unit)
{
    public const string Ratio = "ratio";
    public const string RatioOfTimes = "ratio of times";

    static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    // Compares two that were measured in the same round, so other machines and other days have it as well.
    public bool IsRatio => Unit is Ratio or RatioOfTimes;

    // How much its rounds differ.
    public double Spread => Max - Min;

    public static Figure Of(IReadOnlyCollection<double> values, string unit)
    {
        var sorted = values.Order().ToList();
        var middle = sorted.Count / 2;
        var median = sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Figure(median, sorted[0], sorted[^1], unit);
    }

    // name -> { median, min, max, unit }, so that a number can be looked up by its name.
    public static string Write(IEnumerable<KeyValuePair<string, Figure>> figures) =>
        JsonSerializer.Serialize(
            figures.ToDictionary(figure => figure.Key, figure => figure.Value.Rounded(), StringComparer.Ordinal),
            json
        ) + "\n";

    public static IReadOnlyDictionary<string, Figure> Read(string text) =>
        JsonSerializer.Deserialize<Dictionary<string, Figure>>(text, json)!;

    public static string Text(double value) =>
        value.ToString(Math.Abs(value) >= 100 ? "N0" : "0.###", CultureInfo.InvariantCulture);

    // How much worse the other is than this; negative if it is better.
    public double WorseBy(Figure other) => Unit == RatioOfTimes ? other.Median - Median : Median - other.Median;

    public override string ToString() => $"{Text(Median)} ({Text(Min)} to {Text(Max)})";

    Figure Rounded() => new(Rounded(Median), Rounded(Min), Rounded(Max), Unit);

    static double Rounded(double value) =>
        double.Parse(value.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
