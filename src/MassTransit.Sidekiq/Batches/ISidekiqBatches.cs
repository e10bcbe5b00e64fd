namespace MassTransit;

/// <summary>
/// Starts batches: jobs that are counted, with messages that are sent once when all have run, all have succeeded, or the first has died.
/// As Sidekiq Pro's, for .NET and Ruby alike. It is scoped: in a consumer, or with an outbox, what is added is sent as everything else there.
/// Looked at by <see cref="ISidekiqInspector.Batches" />.
/// </summary>
public interface ISidekiqBatches
{
    /// <summary>
    /// Starts a batch and adds jobs to it. It is kept for 30 days after its last change, or 24 hours after success.
    /// </summary>
    /// <param name="configure">Its description and its callbacks.</param>
    /// <param name="add">
    /// Adds the jobs, each by one step in Redis. They may run while others are still added; callbacks wait until all are. If it
    /// throws, the jobs added so far run, and no callback comes but that of a death.
    /// </param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The id of the batch.</returns>
    /// <exception cref="BatchEndedException">The batch around it has ended.</exception>
    /// <exception cref="ArgumentException">A callback goes to a topic or to a temporary queue, or the id cannot be one.</exception>
    Task<string> Start(
        Action<ISidekiqBatchConfigurator> configure,
        Func<ISidekiqBatchScope, Task> add,
        CancellationToken cancellationToken = default
    );
}
