namespace MassTransit.Sidekiq;

// A use of a limit, as `limits` shows it: of the limit itself, or of one of its keys.
internal sealed record LimitRow(
    string Name,
    SidekiqLimitKind Kind,
    string? Key,
    long Used,
    long Most,
    double? PeriodSeconds,
    long Waiting
);

internal sealed class LimitsCommand()
    : ToolCommand("limits", "Lists the limits that processes share, and how much of each is used.")
{
    static readonly Sheet<LimitRow> sheet = new(
        "No limits.",
        new Column<LimitRow>("limit", row => row.Name),
        new Column<LimitRow>("kind", row => row.Kind.ToString()),
        new Column<LimitRow>("key", row => row.Key ?? ""),
        new Column<LimitRow>("used", row => $"{Words.Number(row.Used)}/{Words.Number(row.Most)}", IsNumber: true),
        new Column<LimitRow>(
            "per",
            row => row.PeriodSeconds is { } seconds ? Words.Span(TimeSpan.FromSeconds(seconds)) : ""
        ),
        new Column<LimitRow>("waiting", row => Words.Number(row.Waiting), IsNumber: true)
    );

    protected override async Task<int> Run(ToolRun run)
    {
        var rows =
            from limit in await run.Inspector.Limits(run.Token)
            from use in limit.Uses.DefaultIfEmpty(new SidekiqLimitUse(null, 0, 0, null))
            select new LimitRow(
                limit.Name,
                limit.Kind,
                use.Key,
                use.Used,
                limit.Most,
                limit.Period?.TotalSeconds,
                use.Waiting
            );

        run.Terminal.Show([.. rows], sheet);
        return ExitCode.Fine;
    }
}
