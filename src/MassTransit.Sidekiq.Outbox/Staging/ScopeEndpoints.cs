using MassTransit.DependencyInjection;
using MassTransit.Middleware;

namespace MassTransit.Sidekiq;

// What a scope sends with, determined when it sends. The context of a consumer may be created before its transaction begins,
// with endpoints in its interceptors or its own constructor: those must stage in the transaction that is open by then.
internal sealed class ScopeEndpoints(Func<ScopedBusContext> current)
    : ScopedBusContext,
        ISendEndpointProvider,
        IPublishEndpoint
{
    public ISendEndpointProvider SendEndpointProvider => this;

    public IPublishEndpoint PublishEndpoint => this;

    public IScopedClientFactory ClientFactory => current().ClientFactory;

    // Whether it would be the outbox: outside of consumers, or in one with an inbox.
    public bool IsStaged =>
        current() is OutboxSendContext
        || (
            current().SendEndpointProvider is PipeContext consumer
            && consumer.TryGetPayload<OutboxConsumeContext>(out _)
        );

    IPublishEndpoint Publisher => current().PublishEndpoint;

    public Task<ISendEndpoint> GetSendEndpoint(Uri address) => current().SendEndpointProvider.GetSendEndpoint(address);

    public ConnectHandle ConnectSendObserver(ISendObserver observer) =>
        current().SendEndpointProvider.ConnectSendObserver(observer);

    public ConnectHandle ConnectPublishObserver(IPublishObserver observer) =>
        Publisher.ConnectPublishObserver(observer);

    public Task Publish<T>(T message, CancellationToken cancellationToken = default)
        where T : class => Publisher.Publish(message, cancellationToken);

    public Task Publish<T>(
        T message,
        IPipe<PublishContext<T>> publishPipe,
        CancellationToken cancellationToken = default
    )
        where T : class => Publisher.Publish(message, publishPipe, cancellationToken);

    public Task Publish<T>(T message, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default)
        where T : class => Publisher.Publish(message, publishPipe, cancellationToken);

    public Task Publish(object message, CancellationToken cancellationToken = default) =>
        Publisher.Publish(message, cancellationToken);

    public Task Publish(
        object message,
        IPipe<PublishContext> publishPipe,
        CancellationToken cancellationToken = default
    ) => Publisher.Publish(message, publishPipe, cancellationToken);

    public Task Publish(object message, Type messageType, CancellationToken cancellationToken = default) =>
        Publisher.Publish(message, messageType, cancellationToken);

    public Task Publish(
        object message,
        Type messageType,
        IPipe<PublishContext> publishPipe,
        CancellationToken cancellationToken = default
    ) => Publisher.Publish(message, messageType, publishPipe, cancellationToken);

    public Task Publish<T>(object values, CancellationToken cancellationToken = default)
        where T : class => Publisher.Publish<T>(values, cancellationToken);

    public Task Publish<T>(
        object values,
        IPipe<PublishContext<T>> publishPipe,
        CancellationToken cancellationToken = default
    )
        where T : class => Publisher.Publish(values, publishPipe, cancellationToken);

    public Task Publish<T>(
        object values,
        IPipe<PublishContext> publishPipe,
        CancellationToken cancellationToken = default
    )
        where T : class => Publisher.Publish<T>(values, publishPipe, cancellationToken);
}
