using MassTransit.Clients;

namespace MassTransit.Sidekiq;

// The requests of a scope that stages them: into its context, like everything else it sends. Their responses reach the bus
// as usual.
internal sealed class OutboxRequests(
    ClientFactoryContext bus,
    ISendEndpointProvider sends,
    IPublishEndpointProvider publishes
) : ClientFactoryContext
{
    public RequestTimeout DefaultTimeout => bus.DefaultTimeout;

    public Uri ResponseAddress => bus.ResponseAddress;

    public ConnectHandle ConnectConsumePipe<T>(IPipe<ConsumeContext<T>> pipe)
        where T : class => bus.ConnectConsumePipe(pipe);

    public ConnectHandle ConnectConsumePipe<T>(IPipe<ConsumeContext<T>> pipe, ConnectPipeOptions options)
        where T : class => bus.ConnectConsumePipe(pipe, options);

    public ConnectHandle ConnectRequestPipe<T>(Guid requestId, IPipe<ConsumeContext<T>> pipe)
        where T : class => bus.ConnectRequestPipe(requestId, pipe);

    public IRequestSendEndpoint<T> GetRequestEndpoint<T>(ConsumeContext? consumeContext = null)
        where T : class => new Endpoint<T>(publishes.GetPublishSendEndpoint<T>, consumeContext);

    public IRequestSendEndpoint<T> GetRequestEndpoint<T>(Uri destinationAddress, ConsumeContext? consumeContext = null)
        where T : class => new Endpoint<T>(() => sends.GetSendEndpoint(destinationAddress), consumeContext);

    sealed class Endpoint<T>(Func<Task<ISendEndpoint>> find, ConsumeContext? consumeContext)
        : RequestSendEndpoint<T>(consumeContext!)
        where T : class
    {
        protected override Task<ISendEndpoint> GetSendEndpoint() => find();
    }
}
