namespace MassTransit;

/// <summary>A job was not added to a batch, because that has succeeded, was deleted, or never existed.</summary>
public sealed class BatchEndedException : MassTransitException
{
    internal BatchEndedException(string batchId)
        : base(
            $"Batch '{batchId}' takes no more jobs: each of its jobs has succeeded, or it is not in this Redis. Add jobs while it is "
                + "started, or from one of its jobs while that runs; start a new batch otherwise."
        ) => BatchId = batchId;

    /// <summary>The id of the batch.</summary>
    public string BatchId { get; }
}
