using MassTransit.Transports;

namespace MassTransit.Sidekiq;

/// Turns an address into something to send to. Never connects: the outbox makes its transports while Redis may be down.
internal sealed class JobTransportProvider(SidekiqHostConfiguration host, ReceiveEndpointContext endpoint)
    : ISendTransportProvider,
        IPublishTransportProvider
{
    public Uri NormalizeAddress(Uri address) => SidekiqEndpointAddress.Parse(host.HostAddress, address).ToUri();

    /// <exception cref="ArgumentException">It is no address of this transport, or its queue has a name that nobody can open.</exception>
    public Task<ISendTransport> GetSendTransport(Uri address)
    {
        TransportLogMessages.CreateSendTransport(address);

        var destination = SidekiqEndpointAddress.Parse(host.HostAddress, address);
        if (!destination.IsTopic && QueueName.Fault(destination.Name, "Send to a queue of another name.") is { } fault)
        {
            throw new ArgumentException($"Address '{address}': {fault}", nameof(address));
        }

        return Transport(
            destination.IsTopic ? Topic(destination.Name, destination.IsExchange) : new QueueDestination(destination)
        );
    }

    public Task<ISendTransport> GetPublishTransport<T>(Uri? publishAddress)
        where T : class
    {
        var entities = host.PublishTopology.For<T>().Entities();
        host.Entities.Learn(entities);

        return Transport(Topic(entities.Count > 0 ? entities[0].EntityName : host.PublishTopology.For<T>().EntityName));
    }

    TopicDestination Topic(string entity, bool isExchange = false) => new(entity, isExchange, host.Entities);

    Task<ISendTransport> Transport(JobDestination destination) =>
        Task.FromResult<ISendTransport>(
            new SendTransport<PipeContext>(new JobSendTransportContext(host, endpoint, destination))
        );
}
