using MassTransit.Internals;
using MassTransit.Middleware;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// One run of an endpoint without Redis: it subscribes in memory and is ready at once. Its jobs run when the harness says so.
internal sealed class MemoryReceiver : Agent, ReceiveTransportHandle, DeliveryMetrics
{
    readonly SidekiqReceiveEndpointContext context;
    readonly TestEndpoint endpoint;
    readonly Action end;
    readonly Task running;

    // `end` is called when it stops.
    public MemoryReceiver(SidekiqReceiveEndpointContext context, TestEndpoint endpoint, Action end)
    {
        (this.context, this.endpoint, this.end) = (context, endpoint, end);
        running = Task.Run(Run);
        SetReady(running);
        SetCompleted(running);
    }

    public long DeliveryCount => endpoint.Dispatcher.DispatchCount;

    public int ConcurrentDeliveryCount => endpoint.Dispatcher.MaxConcurrentDispatchCount;

    Task ReceiveTransportHandle.Stop(CancellationToken cancellationToken) =>
        this.Stop("Stop Receive Transport", cancellationToken);

    protected override Task StopAgent(StopContext stop) => running;

    async Task Run()
    {
        LogContext.Current = context.LogContext;
        var (observers, address, process) = (context.TransportObservers, context.InputAddress, endpoint.Process);
        try
        {
            if (!context.ReceivePipe.Connected.IsCompleted)
            {
                await observers.NotifyReady(address, isStarted: false).ConfigureAwait(false);
                await context.ReceivePipe.Connected.OrCanceled(Stopping).ConfigureAwait(false);
            }

            var settings = context.Endpoint;
            await process.Stores.Topics.Subscribe([.. settings.Topics], settings.Queues.Names[0]).ConfigureAwait(false);
            process.Subscriptions.Made(address);
            await context.DependenciesReady.OrCanceled(Stopping).ConfigureAwait(false);
            await observers.NotifyReady(address).ConfigureAwait(false);
            await Task.Delay(Timeout.InfiniteTimeSpan, RealTime.Clock, Stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            // This is how it ends.
        }
        catch (Exception fault)
        {
            LogContext.Error?.Log(fault, "Endpoint cannot run: {InputAddress}", address);
            await observers.NotifyFaulted(address, fault).ConfigureAwait(false);
        }
        finally
        {
            end();
            await observers.NotifyCompleted(address, this).ConfigureAwait(false);
            context.LogConsumerCompleted(DeliveryCount, ConcurrentDeliveryCount);
        }
    }
}
