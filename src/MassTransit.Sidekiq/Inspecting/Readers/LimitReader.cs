using System.Globalization;

namespace MassTransit.Sidekiq;

// A limit as it is stored, for an inspector. One that a newer version has stored in another form is left out.
internal static class LimitReader
{
    public static SidekiqLimit? Read(LimitState state) =>
        LimitDefinition.Parse(state.Name, state.Definition) is { } definition
            ? new SidekiqLimit
            {
                Name = state.Name,
                Kind = definition.Kind,
                Most = definition.Most,
                Period = definition.Kind == SidekiqLimitKind.Concurrent ? null : definition.Period,
                DeclaredAt = Declared(state.Definition),
                Keys = state.Keys,
                Uses =
                [
                    .. state.Uses.Select(use => new SidekiqLimitUse(
                        use.Key.Length == 0 ? null : use.Key,
                        use.Used,
                        use.Waiting,
                        use.LastDue
                    )),
                ],
            }
            : null;

    static DateTimeOffset? Declared(string definition) =>
        definition.Split(' ') is [_, _, _, var declared]
        && long.TryParse(declared, CultureInfo.InvariantCulture, out var seconds)
        && seconds is >= 0 and < 253402300800
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
}
