using MassTransit.Configuration;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// A running endpoint: the context shared by its receive transport and by everything that its consumers send.
internal sealed class SidekiqReceiveEndpointContext(
    BusRuntime runtime,
    IReceiveEndpointConfiguration configuration,
    EndpointSettings endpoint,
    JobDestinations destinations
) : BaseReceiveEndpointContext(runtime.Host, configuration)
{
    public BusRuntime Runtime => runtime;

    public Uri HostAddress { get; } = configuration.HostAddress;

    public EndpointSettings Endpoint => endpoint;

    // Named after the queue that the job came from, which may be one of several of the endpoint.
    public string ErrorQueue(string queue) =>
        runtime.Host.Topology.SendTopology.ErrorQueueNameFormatter.FormatErrorQueueName(queue);

    public string SkippedQueue(string queue) =>
        runtime.Host.Topology.SendTopology.DeadLetterQueueNameFormatter.FormatDeadLetterQueueName(queue);

    // Senders and receivers have no resources to stop: the process owns the connections.
    public override void AddSendAgent(IAgent agent) { }

    public override void AddConsumeAgent(IAgent agent) { }

    public override Exception ConvertException(Exception exception, string message) =>
        exception as ConnectionException ?? new ConnectionException(message + runtime.Address, exception);

    public override void Probe(ProbeContext context)
    {
        context.Add("type", "Sidekiq");
        context.Set(
            new
            {
                Address = InputAddress,
                PrefetchCount,
                ConcurrentMessageLimit,
                Queues = string.Join(", ", endpoint.Queues.Names),
                endpoint.Concurrency,
                Temporary = endpoint.IsTemporary,
                Classes = string.Join(", ", endpoint.Classes.Classes),
                Topics = string.Join(", ", endpoint.Topics),
            }
        );
    }

    protected override ISendTransportProvider CreateSendTransportProvider() => Transports();

    protected override IPublishTransportProvider CreatePublishTransportProvider() => Transports();

    JobTransportProvider Transports() => new(runtime, destinations, this);
}
