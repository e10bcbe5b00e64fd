using MassTransit.Configuration;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

internal sealed class SidekiqBusTopology(IHostConfiguration host, ITopologyConfiguration topology)
    : BusTopology(host, topology);
