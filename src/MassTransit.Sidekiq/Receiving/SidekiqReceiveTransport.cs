using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// The receive transport that MassTransit starts for an endpoint; each start is one `JobReceiver`, or a test harness's own.
internal sealed class SidekiqReceiveTransport(
    SidekiqReceiveEndpointContext context,
    Func<SidekiqReceiveEndpointContext, ReceiveTransportHandle> start
) : IReceiveTransport
{
    public ReceiveTransportHandle Start() => start(context);

    public ConnectHandle ConnectReceiveObserver(IReceiveObserver observer) => context.ConnectReceiveObserver(observer);

    public ConnectHandle ConnectReceiveTransportObserver(IReceiveTransportObserver observer) =>
        context.ConnectReceiveTransportObserver(observer);

    public ConnectHandle ConnectPublishObserver(IPublishObserver observer) => context.ConnectPublishObserver(observer);

    public ConnectHandle ConnectSendObserver(ISendObserver observer) => context.ConnectSendObserver(observer);

    public void Probe(ProbeContext probe)
    {
        var scope = probe.CreateScope("receiveTransport");
        context.Probe(scope);
    }
}
