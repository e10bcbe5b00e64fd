namespace MassTransit;

/// <summary>The batches of this Redis, as <see cref="ISidekiqBatches" /> started them.</summary>
public interface ISidekiqBatchList
{
    /// <summary>How many batches there are, some of which may have expired: 24 hours after success, 30 days after the last change.</summary>
    Task<long> Count(CancellationToken cancellationToken = default);

    /// <summary>Batches, the newest first. Each costs one command, all in one round trip.</summary>
    /// <param name="skip">How many of the newest to leave out.</param>
    /// <param name="most">How many to read. Those that have expired are missing from them.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<IReadOnlyList<SidekiqBatch>> List(int skip = 0, int most = 100, CancellationToken cancellationToken = default);

    /// <summary>One batch. Null when there is none of this id, or not any more.</summary>
    Task<SidekiqBatch?> Find(string id, CancellationToken cancellationToken = default);

    /// <summary>
    /// Some of the jobs that have not ended, the dead and the failed first. Of a batch with more than a thousand of them, only those that
    /// Redis names first are considered.
    /// </summary>
    /// <param name="id">The id of the batch.</param>
    /// <param name="most">How many to read.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<IReadOnlyList<SidekiqBatchJob>> Jobs(string id, int most = 100, CancellationToken cancellationToken = default);

    /// <summary>Forgets a batch: its jobs go on, and its callbacks never come. False when there is none of this id.</summary>
    /// <exception cref="ArgumentException">The id cannot be one of a batch.</exception>
    Task<bool> Delete(string id, CancellationToken cancellationToken = default);
}
