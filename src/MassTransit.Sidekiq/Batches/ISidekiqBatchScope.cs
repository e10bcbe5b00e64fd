namespace MassTransit;

/// <summary>Adds jobs to a batch that is being started.</summary>
public interface ISidekiqBatchScope
{
    /// <summary>The id of the batch.</summary>
    string Id { get; }

    /// <summary>Sends a message to a queue, as a job of the batch.</summary>
    /// <exception cref="BatchEndedException">The batch has ended: it was deleted meanwhile.</exception>
    Task Send<T>(Uri address, T message, CancellationToken cancellationToken = default)
        where T : class;

    /// <summary>The same, with options of the send.</summary>
    Task Send<T>(
        Uri address,
        T message,
        Action<SendContext<T>> configure,
        CancellationToken cancellationToken = default
    )
        where T : class;

    /// <summary>
    /// Sends all messages of a source to a queue, as jobs of the batch, and returns how many there were: a million, without holding
    /// them in memory (<see cref="SendManyExtensions.SendMany{T}" />).
    /// </summary>
    /// <exception cref="SendManyException">The source or a send failed; it tells how many were sent.</exception>
    Task<long> SendMany<T>(
        Uri address,
        IAsyncEnumerable<T> messages,
        SendManyOptions? options = null,
        CancellationToken cancellationToken = default
    )
        where T : class;

    /// <summary>
    /// Publishes a message: each copy for a permanent queue is a job of the batch. A Ruby worker that has not loaded the companion gem
    /// tells no batch, which then waits for it.
    /// </summary>
    Task Publish<T>(T message, CancellationToken cancellationToken = default)
        where T : class;
}
