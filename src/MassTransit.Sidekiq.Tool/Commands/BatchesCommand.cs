using System.CommandLine;

namespace MassTransit.Sidekiq;

// A batch, as `batches` shows it.
internal sealed record BatchRow(
    string Id,
    string? Description,
    DateTimeOffset CreatedAt,
    long Total,
    long Pending,
    long Failed,
    long Dead,
    DateTimeOffset? CompletedAt,
    DateTimeOffset? SucceededAt
);

internal sealed class BatchesCommand : ToolCommand
{
    static readonly Sheet<BatchRow> sheet = new(
        "No batches.",
        new Column<BatchRow>("batch", row => row.Id),
        new Column<BatchRow>("description", row => row.Description ?? ""),
        new Column<BatchRow>("started", row => Words.Time(row.CreatedAt)),
        new Column<BatchRow>("jobs", row => Words.Number(row.Total), IsNumber: true),
        new Column<BatchRow>("pending", row => Words.Number(row.Pending), IsNumber: true),
        new Column<BatchRow>("failed", row => Words.Number(row.Failed), IsNumber: true),
        new Column<BatchRow>("dead", row => Words.Number(row.Dead), IsNumber: true),
        new Column<BatchRow>("succeeded", row => Words.Time(row.SucceededAt))
    );

    readonly Option<int> limit = CommonOptions.Limit();

    public BatchesCommand()
        : base("batches", "Lists the batches of jobs, the newest first.") => Options.Add(limit);

    protected override async Task<int> Run(ToolRun run)
    {
        var batches = await run.Inspector.Batches.List(most: run.Value(limit), cancellationToken: run.Token);
        var rows = batches.Select(batch => new BatchRow(
            batch.Id,
            batch.Description,
            batch.CreatedAt,
            batch.Total,
            batch.Pending,
            batch.Failed,
            batch.Dead,
            batch.CompletedAt,
            batch.SucceededAt
        ));

        run.Terminal.Show([.. rows], sheet);
        return ExitCode.Fine;
    }
}
