namespace MassTransit.Sidekiq;

// The limits of a bus by name: a name means one limit.
internal sealed class LimitRegistry
{
    readonly Dictionary<string, (LimitDefinition Definition, string Endpoint)> limits = new(StringComparer.Ordinal);
    readonly HashSet<string> faults = new(StringComparer.Ordinal);

    public IReadOnlyCollection<string> Faults => faults;

    public void Refuse(string fault) => faults.Add(fault);

    public void Add(LimitDefinition limit, string endpoint)
    {
        if (limit.Fault is { } fault)
        {
            faults.Add($"{fault} Endpoint '{endpoint}' uses it.");
        }
        else if (!limits.TryAdd(limit.Name, (limit, endpoint)) && limits[limit.Name].Definition != limit)
        {
            faults.Add(
                $"limit '{limit.Name}' is {limits[limit.Name].Definition} on endpoint '{limits[limit.Name].Endpoint}', and {limit} on endpoint "
                    + $"'{endpoint}'. Define it once and use it on both, or rename one."
            );
        }
    }
}
