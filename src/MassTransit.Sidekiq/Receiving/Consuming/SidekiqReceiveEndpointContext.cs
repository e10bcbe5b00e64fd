using MassTransit.Transports;

namespace MassTransit.Sidekiq;

/// One endpoint as it runs: what its receive transport and everything sent from its consumers share.
internal sealed class SidekiqReceiveEndpointContext(
    SidekiqHostConfiguration host,
    SidekiqReceiveEndpointConfiguration configuration
) : BaseReceiveEndpointContext(host, configuration)
{
    public SidekiqHostConfiguration Host => host;

    public Uri HostAddress { get; } = configuration.HostAddress;

    public SidekiqReceiveEndpointConfiguration Endpoint => configuration;

    /// Senders and receivers hold nothing that would need to be stopped with them: the process owns the connections.
    public override void AddSendAgent(IAgent agent) { }

    public override void AddConsumeAgent(IAgent agent) { }

    public override Exception ConvertException(Exception exception, string message) =>
        exception as ConnectionException ?? new ConnectionException(message + host.HostAddress, exception);

    public override void Probe(ProbeContext context)
    {
        context.Add("type", "Sidekiq");
        context.Set(
            new
            {
                Address = InputAddress,
                PrefetchCount,
                ConcurrentMessageLimit,
                Queues = string.Join(", ", configuration.QueueOrder.Names),
                configuration.Concurrency,
                configuration.Temporary,
                Classes = string.Join(", ", configuration.Classes.Classes),
                Topics = string.Join(", ", configuration.Topics),
            }
        );
    }

    protected override ISendTransportProvider CreateSendTransportProvider() => new JobTransportProvider(host, this);

    protected override IPublishTransportProvider CreatePublishTransportProvider() =>
        new JobTransportProvider(host, this);
}
