namespace MassTransit.Sidekiq;

internal sealed record QueuesView(IReadOnlyList<QueueView> Queues)
{
    public static QueuesView Of(IReadOnlyList<QueueRow> rows) => new([.. rows.Select(QueueView.Of)]);
}

// A queue, and the identities of the processes that serve it.
internal sealed record QueueView(
    string Name,
    long Size,
    double LatencySeconds,
    bool IsPaused,
    IReadOnlyList<string> Processes
)
{
    public static QueueView Of(QueueRow row) =>
        new(
            row.Queue.Name,
            row.Queue.Size,
            row.Queue.Latency.TotalSeconds,
            row.Queue.IsPaused,
            [.. row.Processes.Select(process => process.Identity)]
        );
}

internal sealed record QueuePageView(QueueView Queue, IReadOnlyList<JobView> Jobs, int? NextPage)
{
    public static QueuePageView Of(DashboardCall call, QueueModel model) =>
        new(
            QueueView.Of(model.Row),
            [.. model.Jobs.Select(job => JobView.Of(call, job))],
            model.HasMore && model.Page < QueuesReader.MostPages ? model.Page + 1 : null
        );
}
