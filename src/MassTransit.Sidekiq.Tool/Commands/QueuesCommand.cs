namespace MassTransit.Sidekiq;

// A queue, as `queues` shows it.
internal sealed record QueueRow(string Name, long Size, double LatencySeconds, bool IsPaused, int Processes);

internal sealed class QueuesCommand()
    : ToolCommand("queues", "Lists the queues: how many jobs wait, how long the next one has, and who reads them.")
{
    static readonly Sheet<QueueRow> sheet = new(
        "No queues.",
        new Column<QueueRow>("queue", row => row.Name),
        new Column<QueueRow>("jobs", row => Words.Number(row.Size), IsNumber: true),
        new Column<QueueRow>(
            "latency",
            row => row.Size == 0 ? "" : Words.Span(TimeSpan.FromSeconds(row.LatencySeconds)),
            IsNumber: true
        ),
        new Column<QueueRow>("paused", row => row.IsPaused ? "paused" : ""),
        new Column<QueueRow>("processes", row => Words.Number(row.Processes), IsNumber: true)
    );

    protected override async Task<int> Run(ToolRun run)
    {
        var overview = await run.Inspector.Overview(run.Token);
        var rows = overview.Queues.Select(queue => new QueueRow(
            queue.Name,
            queue.Size,
            queue.Latency.TotalSeconds,
            queue.IsPaused,
            overview.Processes.Count(process => process.Queues.Contains(queue.Name, StringComparer.Ordinal))
        ));

        run.Terminal.Show([.. rows], sheet);
        return ExitCode.Fine;
    }
}
