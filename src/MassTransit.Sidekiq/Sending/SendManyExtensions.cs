using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>Sends and publishes a source of any length, a million messages for instance, without holding them in memory.</summary>
public static class SendManyExtensions
{
    /// <summary>
    /// Sends all messages of a source to one queue, in order, and returns how many there were. Each is sent as soon as it is read; at most
    /// 2,000 are under way, and reading waits for Redis then. In an outbox they are staged, and held by its context until it is saved.
    /// </summary>
    /// <param name="endpoint">Where the messages go.</param>
    /// <param name="messages">The source. A collection is one with <c>ToAsyncEnumerable()</c>.</param>
    /// <param name="options">Times, options of the jobs, progress. Default: none.</param>
    /// <param name="cancellationToken">Ends the sending. What was sent stays sent.</param>
    /// <exception cref="SendManyException">The source or a send failed; it tells how many were sent.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the message tells how many were sent.</exception>
    public static Task<long> SendMany<T>(
        this ISendEndpoint endpoint,
        IAsyncEnumerable<T> messages,
        SendManyOptions? options = null,
        CancellationToken cancellationToken = default
    )
        where T : class
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(messages);

        return new ManyMessages<T>(endpoint.Send, isPublish: false, options ?? new(), cancellationToken).Send(messages);
    }

    /// <summary>
    /// Publishes all messages of a source, in order, and returns how many there were: as
    /// <see cref="SendMany{T}(ISendEndpoint, IAsyncEnumerable{T}, SendManyOptions?, CancellationToken)" />.
    /// </summary>
    /// <param name="endpoint">The bus, or the endpoint of a scope.</param>
    /// <param name="messages">The source. A collection is one with <c>ToAsyncEnumerable()</c>.</param>
    /// <param name="options">Times, options of the jobs, progress. Default: none.</param>
    /// <param name="cancellationToken">Ends the publishing. What was published stays published.</param>
    /// <exception cref="SendManyException">The source or a publish failed; it tells how many were published.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the message tells how many were published.</exception>
    public static Task<long> PublishMany<T>(
        this IPublishEndpoint endpoint,
        IAsyncEnumerable<T> messages,
        SendManyOptions? options = null,
        CancellationToken cancellationToken = default
    )
        where T : class
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(messages);

        return new ManyMessages<T>(endpoint.Publish, isPublish: true, options ?? new(), cancellationToken).Send(
            messages
        );
    }
}
