using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// Resolves an address to a send transport. Never connects: the outbox creates its transports while Redis may be down.
internal sealed class JobTransportProvider(
    BusRuntime runtime,
    JobDestinations destinations,
    ReceiveEndpointContext endpoint
) : ISendTransportProvider, IPublishTransportProvider
{
    public Uri NormalizeAddress(Uri address) => SidekiqEndpointAddress.Parse(runtime.Address, address).ToUri();

    // Throws ArgumentException: it is not an address of this transport, or its queue has a name that the Web UI cannot open.
    public Task<ISendTransport> GetSendTransport(Uri address)
    {
        TransportLogMessages.CreateSendTransport(address);

        var destination = SidekiqEndpointAddress.Parse(runtime.Address, address);
        if (!destination.IsTopic && QueueName.Fault(destination.Name, "Send to a queue of another name.") is { } fault)
        {
            throw new ArgumentException($"Address '{address}': {fault}", nameof(address));
        }

        return Transport(destinations.Of(destination));
    }

    public Task<ISendTransport> GetPublishTransport<T>(Uri? publishAddress)
        where T : class
    {
        var entities = runtime.PublishTopology.For<T>().Entities();
        runtime.Entities.Learn(entities);

        return Transport(
            destinations.Topic(
                entities.Count > 0 ? entities[0].EntityName : runtime.PublishTopology.For<T>().EntityName
            )
        );
    }

    Task<ISendTransport> Transport(JobDestination destination) =>
        Task.FromResult<ISendTransport>(
            new SendTransport<PipeContext>(new JobSendTransportContext(runtime, endpoint, destination))
        );
}
