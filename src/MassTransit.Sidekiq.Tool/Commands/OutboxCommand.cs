using System.CommandLine;

namespace MassTransit.Sidekiq;

internal sealed class OutboxCommand : ToolCommand
{
    static readonly Sheet<TableRow> sheet = new(
        "No tables of the outbox.",
        new Column<TableRow>("table", row => row.Name),
        new Column<TableRow>("exists", row => Words.YesNo(row.Exists)),
        new Column<TableRow>("missing indexes", row => string.Join(", ", row.MissingIndexes))
    );

    readonly Option<string?> database = CommonOptions.Outbox();
    readonly Option<OutboxProvider> provider = CommonOptions.Provider();

    public OutboxCommand()
        : base("outbox", "Looks into the tables of an outbox: what waits in them, how long, and what was set aside.")
    {
        database.Required = true;
        Options.Add(database);
        Options.Add(provider);
    }

    protected override async Task<int> Run(ToolRun run)
    {
        var state = await OutboxDatabaseReader.Read(run.Value(provider), run.Value(database)!, run.Clock, run.Token);
        if (!run.Terminal.IsJson)
        {
            run.Terminal.Show(state.Tables, sheet);
        }

        run.Terminal.Show(
            state,
            state.Pending is null
                ? "There is no outbox in this database."
                : $"{Words.Count(state.Pending.Value, "message")} pending"
                    + (
                        state.OldestSeconds is { } age
                            ? $", the oldest for {Words.Span(TimeSpan.FromSeconds(age))}"
                            : ""
                    )
                    + (state.SetAside is { } faults ? $"; {Words.Number(faults)} set aside" : "")
                    + (state.Open is { } open ? $"; {Words.Number(open)} jobs not known to be completed" : "")
                    + (state.Dead is { } dead ? $", {Words.Number(dead)} dead" : "")
                    + "."
        );
        return state.Pending is null ? ExitCode.Problems : ExitCode.Fine;
    }
}
