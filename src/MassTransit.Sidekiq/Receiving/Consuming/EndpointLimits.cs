using System.Globalization;

namespace MassTransit.Sidekiq;

// The limits of an endpoint and of its consumers. The limits of all consumers that take a job apply to it as a whole.
internal sealed class EndpointLimits(IReadOnlyList<EndpointLimit> limits)
{
    public static readonly EndpointLimits None = new([]);

    public bool IsEmpty => limits.Count == 0;

    public IReadOnlyList<LimitDefinition> Definitions { get; } =
    [.. limits.Select(limit => limit.Definition).Distinct()];

    // The limits that a job needs to start, each once, and how often they may deny it.
    public (IReadOnlyList<LimitUse> Uses, int MaxReschedules) Of(ConsumeContext context)
    {
        List<LimitUse>? uses = null;
        var most = int.MaxValue;
        foreach (var limit in limits)
        {
            if (limit.Of(context) is { } use)
            {
                most = Math.Min(most, limit.MaxReschedules);
                uses ??= [];
                if (!uses.Contains(use))
                {
                    uses.Add(use);
                }
            }
        }

        return (uses ?? (IReadOnlyList<LimitUse>)[], most);
    }
}

// A limit as an endpoint or a consumer uses it: for these messages, or for all; and by which key of them, if any.
internal sealed record EndpointLimit(
    LimitDefinition Definition,
    IReadOnlyList<Type>? Messages,
    IReadOnlyList<LimitKey> Keys,
    int MaxReschedules
)
{
    public LimitUse? Of(ConsumeContext context)
    {
        if (Messages?.Any(context.HasMessageType) == false)
        {
            return null;
        }

        foreach (var key in Keys)
        {
            if (key.TryGet(context, out var value))
            {
                return value is null ? null : LimitUse.Of(Definition, value);
            }
        }

        return Keys.Count == 0 ? new LimitUse(Definition, "") : null;
    }
}

internal abstract record LimitKey
{
    // False for another message; null for a message that the limit does not count.
    public abstract bool TryGet(ConsumeContext context, out string? key);
}

internal sealed record LimitKey<T>(Func<T, object?> Select) : LimitKey
    where T : class
{
    public override bool TryGet(ConsumeContext context, out string? key)
    {
        var isOurs = context.TryGetMessage<T>(out var message);
        key = isOurs ? Convert.ToString(Select(message!.Message), CultureInfo.InvariantCulture) : null;
        key = key?.Length == 0 ? null : key;
        return isOurs;
    }
}
