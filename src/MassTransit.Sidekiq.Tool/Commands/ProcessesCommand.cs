namespace MassTransit.Sidekiq;

// A process of the Busy page, as `processes` shows it.
internal sealed record ProcessRow(
    string Identity,
    string? Tag,
    string? Version,
    IReadOnlyList<string> Queues,
    int Busy,
    int Concurrency,
    bool IsQuiet,
    DateTimeOffset? StartedAt,
    DateTimeOffset? BeatAt,
    long ResidentBytes,
    double? LeaseSeconds
);

internal sealed class ProcessesCommand() : ToolCommand("processes", "Lists the processes of .NET and Ruby that work.")
{
    static readonly Sheet<ProcessRow> sheet = new(
        "No process works on this Redis.",
        new Column<ProcessRow>("process", row => row.Identity),
        new Column<ProcessRow>("tag", row => row.Tag ?? ""),
        new Column<ProcessRow>("version", row => row.Version ?? ""),
        new Column<ProcessRow>("queues", row => Words.List(row.Queues)),
        new Column<ProcessRow>("busy", row => $"{row.Busy}/{row.Concurrency}", IsNumber: true),
        new Column<ProcessRow>("quiet", row => row.IsQuiet ? "quiet" : ""),
        new Column<ProcessRow>("started", row => Words.Time(row.StartedAt)),
        new Column<ProcessRow>("last heartbeat", row => Words.Time(row.BeatAt)),
        new Column<ProcessRow>("memory", row => Words.Bytes(row.ResidentBytes), IsNumber: true)
    );

    protected override async Task<int> Run(ToolRun run)
    {
        var processes = await run.Inspector.Processes(run.Token);
        var rows = processes.Select(process => new ProcessRow(
            process.Identity,
            process.Tag,
            process.Version,
            process.Queues,
            process.Busy,
            process.Concurrency,
            process.IsQuiet,
            process.StartedAt,
            process.BeatAt,
            process.ResidentBytes,
            process.Lease?.TotalSeconds
        ));

        run.Terminal.Show([.. rows], sheet);
        return ExitCode.Fine;
    }
}
