using System.Text.Json;

namespace MassTransit.Sidekiq.Benchmarks;

// What was measured at one size: name of a series -> value.
internal sealed record GrowthPoint(double Size, IReadOnlyDictionary<string, double> Values);

// What was measured of one growth, and where.
internal sealed record GrowthCurve(string Origin, IReadOnlyList<GrowthPoint> Points)
{
    static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    // Of one series.
    public IReadOnlyList<(double Size, double Value)> Of(string series) =>
        [
            .. Points
                .Where(point => point.Values.ContainsKey(series))
                .Select(point => (point.Size, point.Values[series])),
        ];

    // The power of the size with which a series grows: 0 for one that stays, 1 for one in proportion, 2 for one with the square. The
    // slope of the straight line through the points of the plot that is nearest to them; null if there is none.
    public double? Power(string series)
    {
        var points = Of(series)
            .Where(point => point.Value > 0)
            .Select(point => (X: Math.Log(point.Size), Y: Math.Log(point.Value)))
            .ToList();
        if (points.Count < 2)
        {
            return null;
        }

        var (x, y) = (points.Average(point => point.X), points.Average(point => point.Y));
        return points.Sum(point => (point.X - x) * (point.Y - y)) / points.Sum(point => (point.X - x) * (point.X - x));
    }

    // Name of a growth -> its curve.
    public static Dictionary<string, GrowthCurve> Read(string file) =>
        File.Exists(file)
            ? JsonSerializer.Deserialize<Dictionary<string, GrowthCurve>>(File.ReadAllText(file), json)!
            : new Dictionary<string, GrowthCurve>(StringComparer.Ordinal);

    public static void Write(string file, IReadOnlyDictionary<string, GrowthCurve> curves) =>
        File.WriteAllText(file, JsonSerializer.Serialize(curves, json) + "\n");
}
