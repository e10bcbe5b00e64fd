namespace MassTransit;

/// <summary>A job of a batch that has not ended.</summary>
/// <param name="Id">Its jid, or the id of an inner batch.</param>
/// <param name="IsBatch">Whether it is an inner batch.</param>
/// <param name="State">What came of it so far.</param>
public sealed record SidekiqBatchJob(string Id, bool IsBatch, SidekiqBatchJobState State);

/// <summary>What came of a job of a batch so far.</summary>
public enum SidekiqBatchJobState
{
    /// <summary>It waits or runs, and has not failed.</summary>
    Open,

    /// <summary>It has failed, and is retried.</summary>
    Failed,

    /// <summary>It is dead. Retried by hand it can still succeed.</summary>
    Dead,
}
