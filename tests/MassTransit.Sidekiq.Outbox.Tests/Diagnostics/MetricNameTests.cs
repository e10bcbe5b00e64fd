using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq.Outbox.Tests;

/// <summary>The names of metrics in the documentation and the Grafana dashboard are those of the meters.</summary>
public sealed partial class MetricNameTests
{
    static readonly IReadOnlyList<Instrument> instruments = All();

    [Fact]
    public void Table_has_each_instrument_with_its_unit()
    {
        var page = File.ReadAllText(Repository.PathOf("docs/observability.md"));

        Assert.Equal(
            instruments.Select(one => $"| `{one.Name}` | `{one.Unit}` |").Order(StringComparer.Ordinal),
            Row().Matches(page).Select(row => row.Value).Order(StringComparer.Ordinal)
        );
    }

    // What the conventions know is named as there, all else is under one prefix.
    [Fact]
    public void Instruments_have_two_prefixes_and_a_description() =>
        Assert.All(
            instruments,
            one =>
            {
                Assert.Matches(@"^(messaging\.(client|process)|sidekiq)\.[a-z._]+$", one.Name);
                Assert.NotEmpty(one.Description!);
            }
        );

    [Fact]
    public void Dashboard_asks_for_metrics_that_there_are_and_for_each_of_them()
    {
        var known = instruments.ToDictionary(one => one, one => Exported(one).ToHashSet(StringComparer.Ordinal));
        var asked = Expressions()
            .SelectMany(expression => Metric().Matches(Label().Replace(expression, "")).Select(metric => metric.Value))
            .ToHashSet(StringComparer.Ordinal);

        Assert.NotEmpty(asked);
        Assert.Empty(asked.Except(known.Values.SelectMany(names => names)));
        Assert.Empty(known.Where(one => !one.Value.Overlaps(asked)).Select(one => one.Key.Name));
    }

    [Fact]
    public void Dashboard_groups_by_tags_that_the_table_has()
    {
        var page = File.ReadAllText(Repository.PathOf("docs/observability.md"));
        var tags = Tag().Matches(page).Select(tag => tag.Groups[1].Value.Replace('.', '_')).Append("le").ToHashSet();

        var grouped = Expressions()
            .SelectMany(expression => Group().Matches(expression))
            .SelectMany(group => group.Groups[1].Value.Split(", "));

        Assert.Empty(grouped.Except(tags));
    }

    // As OpenTelemetry's exporters for Prometheus name them.
    static IEnumerable<string> Exported(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_') + (instrument.Unit == "s" ? "_seconds" : "");
        return instrument switch
        {
            Counter<long> => [$"{name}_total"],
            Histogram<double> => [$"{name}_bucket", $"{name}_count", $"{name}_sum"],
            _ => [name],
        };
    }

    static List<string> Expressions()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("docs/grafana/sidekiq.json")));
        return
        [
            .. dashboard
                .RootElement.GetProperty("panels")
                .EnumerateArray()
                .Where(panel => panel.TryGetProperty("targets", out _))
                .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
                .Select(target => target.GetProperty("expr").GetString()!),
        ];
    }

    static List<Instrument> All()
    {
        var found = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name is SidekiqMeter.Name or OutboxMetrics.MeterName)
            {
                found.Add(instrument);
            }
        };
        RuntimeHelpers.RunClassConstructor(typeof(SidekiqMeter).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(SidekiqGauges).TypeHandle);
        using var outbox = new OutboxMetrics("Named");
        listener.Start();

        return [.. found.DistinctBy(instrument => instrument.Name)];
    }

    [GeneratedRegex(@"^\| `(messaging|sidekiq)\.[a-z._]+` \| `(?:s|\{[a-z]+\})` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"`([a-z]+(?:\.[a-z_]+)+)`")]
    private static partial Regex Tag();

    [GeneratedRegex(@"by \(([a-z_, ]+)\)")]
    private static partial Regex Group();

    [GeneratedRegex(@"\{[^}]*\}|by \([^)]*\)")]
    private static partial Regex Label();

    [GeneratedRegex(@"\b(messaging|sidekiq)_[a-z_]+")]
    private static partial Regex Metric();
}
