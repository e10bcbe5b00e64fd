namespace MassTransit.Sidekiq;

// A page of batches, the newest first. Those that have left are counted for a while, and missing from their page.
internal sealed record BatchesView(long Count, IReadOnlyList<BatchView> Batches, int? NextPage)
{
    public static BatchesView Of(BatchesModel model) =>
        new(model.Count, [.. model.Batches.Select(BatchView.Of)], model.HasMore ? model.Page + 1 : null);
}

// Of the jobs that are pending some have failed, and of these some are dead; failures are attempts.
internal sealed record BatchView(
    string Id,
    string? Description,
    string? ParentId,
    DateTime CreatedAt,
    bool IsFilled,
    long Total,
    long Done,
    long Dropped,
    long Pending,
    long Failed,
    long Dead,
    long Failures,
    DateTime? CompletedAt,
    DateTime? SucceededAt,
    DateTime? DiedAt
)
{
    public static BatchView Of(BatchModel model) => Of(model.Batch);

    public static BatchView Of(SidekiqBatch batch) =>
        new(
            batch.Id,
            batch.Description,
            batch.ParentId,
            batch.CreatedAt.UtcDateTime,
            batch.IsFilled,
            batch.Total,
            batch.Done,
            batch.Dropped,
            batch.Pending,
            batch.Failed,
            batch.Dead,
            batch.Failures,
            batch.CompletedAt?.UtcDateTime,
            batch.SucceededAt?.UtcDateTime,
            batch.DiedAt?.UtcDateTime
        );
}

// Jobs that have not ended, the dead and the failed first.
internal sealed record BatchJobsView(IReadOnlyList<BatchJobView> Jobs, bool IsComplete)
{
    public static BatchJobsView Of(BatchModel model) =>
        new(
            [
                .. model.Jobs.Select(job => new BatchJobView(
                    job.Id,
                    job.IsBatch,
                    job.State switch
                    {
                        SidekiqBatchJobState.Dead => "dead",
                        SidekiqBatchJobState.Failed => "failed",
                        _ => "open",
                    }
                )),
            ],
            !model.HasMore
        );
}

// By its jid, or by the id of an inner batch.
internal sealed record BatchJobView(string Id, bool IsBatch, string State);
