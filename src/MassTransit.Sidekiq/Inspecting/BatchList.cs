namespace MassTransit.Sidekiq;

internal sealed class BatchList(IInspected inspected) : ISidekiqBatchList
{
    BatchStore Store => inspected.Stores.Batches;

    public Task<long> Count(CancellationToken cancellationToken = default) =>
        Store.Count().WaitAsync(cancellationToken);

    public Task<IReadOnlyList<SidekiqBatch>> List(
        int skip = 0,
        int most = 100,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegative(skip);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        return Store.List(skip, most).WaitAsync(cancellationToken);
    }

    public Task<SidekiqBatch?> Find(string id, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return Store.Find(id).WaitAsync(cancellationToken);
    }

    public Task<IReadOnlyList<SidekiqBatchJob>> Jobs(
        string id,
        int most = 100,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        return Store.Jobs(id, most).WaitAsync(cancellationToken);
    }

    public Task<bool> Delete(string id, CancellationToken cancellationToken = default)
    {
        // Another name might be that of what belongs to a batch.
        ArgumentException.ThrowIfNullOrEmpty(id);
        return Store.Delete(BatchId.Require(id)).WaitAsync(cancellationToken);
    }
}
