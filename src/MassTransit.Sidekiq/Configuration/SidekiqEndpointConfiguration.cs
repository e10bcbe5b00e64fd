using MassTransit.Configuration;
using MassTransit.Observables;

namespace MassTransit.Sidekiq;

// The configuration of an endpoint before it has a queue. The bus itself is one, and its endpoints inherit from it.
internal class SidekiqEndpointConfiguration : EndpointConfiguration
{
    protected SidekiqEndpointConfiguration(SidekiqTopologyConfiguration topology)
        : base(topology) => SidekiqTopology = topology;

    SidekiqEndpointConfiguration(
        SidekiqEndpointConfiguration bus,
        SidekiqTopologyConfiguration topology,
        bool isBusEndpoint
    )
        : base(bus, topology, isBusEndpoint) => SidekiqTopology = topology;

    public SidekiqTopologyConfiguration SidekiqTopology { get; }

    public SidekiqEndpointConfiguration CreateEndpointConfiguration(bool isBusEndpoint) =>
        new(this, new SidekiqTopologyConfiguration(SidekiqTopology), isBusEndpoint);
}

internal sealed class SidekiqBusConfiguration : SidekiqEndpointConfiguration, IBusConfiguration
{
    readonly BusObservable busObservers = new();

    public SidekiqBusConfiguration()
        : base(new SidekiqTopologyConfiguration())
    {
        Host = new SidekiqHostConfiguration(this);
        BusEndpoint = CreateEndpointConfiguration(isBusEndpoint: true);
    }

    public SidekiqHostConfiguration Host { get; }

    public SidekiqEndpointConfiguration BusEndpoint { get; }

    IHostConfiguration IBusConfiguration.HostConfiguration => Host;

    IEndpointConfiguration IBusConfiguration.BusEndpointConfiguration => BusEndpoint;

    IBusObserver IBusConfiguration.BusObservers => busObservers;

    public ConnectHandle ConnectBusObserver(IBusObserver observer) => busObservers.Connect(observer);

    public ConnectHandle ConnectEndpointConfigurationObserver(IEndpointConfigurationObserver observer) =>
        Host.ConnectEndpointConfigurationObserver(observer);
}
