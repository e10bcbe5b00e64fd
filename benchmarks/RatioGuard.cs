namespace MassTransit.Sidekiq.Benchmarks;

// Says what became slower than the kept result. It compares ratios alone: absolute figures differ by a factor of two from hour to hour.
internal static class RatioGuard
{
    // The lines to print: one for each ratio that is worse by more than its rounds differ, in the kept run or in this one, and how many are not.
    public static IEnumerable<string> Compare(
        IReadOnlyDictionary<string, Figure> kept,
        IReadOnlyDictionary<string, Figure> now
    )
    {
        var both = now.Where(figure => figure.Value.IsRatio && kept.ContainsKey(figure.Key)).ToList();
        var worse = both.Where(figure => IsWorse(kept[figure.Key], figure.Value)).ToList();
        foreach (var (name, figure) in worse)
        {
            yield return $"WORSE {name}: {figure}, kept {kept[name]}";
        }

        if (both.Count > 0)
        {
            yield return $"{both.Count - worse.Count} of {both.Count} ratios are no worse than the kept ones by more than their spread.";
        }

        var unknown = now.Where(figure => figure.Value.IsRatio && !kept.ContainsKey(figure.Key)).ToList();
        if (unknown.Count > 0)
        {
            yield return $"Not kept yet, as --keep does: {string.Join(", ", unknown.Select(figure => figure.Key))}";
        }
    }

    // What to keep: the ratios of this run, and those of earlier ones that it did not measure.
    public static IReadOnlyDictionary<string, Figure> Keep(
        IReadOnlyDictionary<string, Figure> kept,
        IReadOnlyDictionary<string, Figure> now
    )
    {
        var result = new SortedDictionary<string, Figure>(
            kept.ToDictionary(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
        foreach (var (name, figure) in now.Where(figure => figure.Value.IsRatio))
        {
            result[name] = figure;
        }

        return result;
    }

    static bool IsWorse(Figure kept, Figure now) => kept.WorseBy(now) > Math.Max(kept.Spread, now.Spread);
}
