using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// A test harness in the container.
internal interface ITestSeam
{
    // Called once for each bus, before it is built.
    void Enter(BusRuntime bus);

    // Starts an endpoint.
    ReceiveTransportHandle Start(SidekiqReceiveEndpointContext context);
}
