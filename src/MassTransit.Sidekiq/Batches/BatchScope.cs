namespace MassTransit.Sidekiq;

// Counts the messages that are sent, since an outbox sends them later.
internal sealed class BatchScope(string bid, ISendEndpointProvider sending, IPublishEndpoint publishing)
    : ISidekiqBatchScope
{
    long count;

    public string Id => bid;

    public long Count => Interlocked.Read(ref count);

    public Task Send<T>(Uri address, T message, CancellationToken cancellationToken = default)
        where T : class => Send(address, message, _ => { }, cancellationToken);

    public async Task Send<T>(
        Uri address,
        T message,
        Action<SendContext<T>> configure,
        CancellationToken cancellationToken = default
    )
        where T : class
    {
        ArgumentNullException.ThrowIfNull(configure);
        var endpoint = await sending.GetSendEndpoint(address).ConfigureAwait(false);
        await endpoint
            .Send(
                message,
                context =>
                {
                    configure(context);
                    Join(context);
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        Interlocked.Increment(ref count);
    }

    public async Task<long> SendMany<T>(
        Uri address,
        IAsyncEnumerable<T> messages,
        SendManyOptions? options = null,
        CancellationToken cancellationToken = default
    )
        where T : class
    {
        var endpoint = await sending.GetSendEndpoint(address).ConfigureAwait(false);
        var sent = await endpoint
            .SendMany(messages, (options ?? new SendManyOptions()).With(Join), cancellationToken)
            .ConfigureAwait(false);
        Interlocked.Add(ref count, sent);
        return sent;
    }

    public async Task Publish<T>(T message, CancellationToken cancellationToken = default)
        where T : class
    {
        await publishing.Publish<T>(message, context => Join(context), cancellationToken).ConfigureAwait(false);
        Interlocked.Increment(ref count);
    }

    void Join(SendContext context) => context.Job(job => job.BatchId = bid);
}
