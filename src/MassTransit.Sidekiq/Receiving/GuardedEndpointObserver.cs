namespace MassTransit.Sidekiq;

// Wraps an endpoint observer of the user. MassTransit notifies the observers of an endpoint in turn, and its own, by which it
// knows that the endpoint has started, come last: one that throws would prevent the bus from ever starting.
internal sealed class GuardedEndpointObserver(IReceiveEndpointObserver observer) : IReceiveEndpointObserver
{
    public Task Ready(ReceiveEndpointReady ready) => Tell(() => observer.Ready(ready), ready.InputAddress);

    public Task Stopping(ReceiveEndpointStopping stopping) =>
        Tell(() => observer.Stopping(stopping), stopping.InputAddress);

    public Task Completed(ReceiveEndpointCompleted completed) =>
        Tell(() => observer.Completed(completed), completed.InputAddress);

    public Task Faulted(ReceiveEndpointFaulted faulted) => Tell(() => observer.Faulted(faulted), faulted.InputAddress);

    static async Task Tell(Func<Task> tell, Uri endpoint)
    {
        try
        {
            await tell().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            LogContext.Warning?.Log(ReadableException.For(fault), "An observer of {InputAddress} failed", endpoint);
        }
    }
}
