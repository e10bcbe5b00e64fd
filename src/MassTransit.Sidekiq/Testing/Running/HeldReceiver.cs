namespace MassTransit.Sidekiq;

// One run of an endpoint on Redis that takes jobs only when the harness says so.
internal sealed class HeldReceiver(SidekiqReceiveEndpointContext context, TestEndpoint endpoint, Action end)
    : JobReceiver(context)
{
    protected override async Task Fetch()
    {
        using var audit = endpoint.Process.Reconciler.Add(
            new ClaimHolder(endpoint.Queues, () => endpoint.InHand is { } claim ? [claim] : [])
        );
        await Task.Delay(Timeout.InfiniteTimeSpan, RealTime.Clock, Stopping)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        end();
    }
}
