namespace MassTransit.Sidekiq;

internal sealed record LimitsView(IReadOnlyList<LimitView> Limits)
{
    public static LimitsView Of(IReadOnlyList<SidekiqLimit> limits) =>
        new([
            .. limits.Select(limit => new LimitView(
                limit.Name,
                limit.Kind.ToString().ToLowerInvariant(),
                limit.Most,
                limit.Period?.TotalSeconds,
                limit.DeclaredAt?.UtcDateTime,
                limit.Keys,
                [
                    .. limit.Uses.Select(use => new LimitUseView(
                        use.Key,
                        use.Used,
                        use.Waiting,
                        use.LastDue?.UtcDateTime
                    )),
                ]
            )),
        ]);
}

internal sealed record LimitView(
    string Name,
    string Kind,
    long Most,
    double? PeriodSeconds,
    DateTime? DeclaredAt,
    long Keys,
    IReadOnlyList<LimitUseView> Uses
);

internal sealed record LimitUseView(string? Key, long Used, long Waiting, DateTime? LastDue);
