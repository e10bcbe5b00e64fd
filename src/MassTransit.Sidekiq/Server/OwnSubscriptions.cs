using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// Whether the bus's own endpoints have said in Redis what they subscribe to. The host starts its services without waiting
// for the bus, and what one of them publishes at once would pass by the consumers of its own process: it waits for them, but
// not for long, since a bus that is never started may be sent from as well.
internal sealed class OwnSubscriptions(IEnumerable<Uri> endpoints, ILogger logger)
{
    static readonly TimeSpan patience = TimeSpan.FromSeconds(10);

    readonly Lock gate = new();
    readonly HashSet<Uri> missing = [.. endpoints];
    readonly TaskCompletionSource there = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task? waiting;
    volatile bool areThere;

    // Nobody waits any more: all are there, or they did not come in time.
    public bool AreThere => areThere || (areThere = IsEmpty());

    public void Made(Uri endpoint)
    {
        lock (gate)
        {
            missing.Remove(endpoint);
            if (missing.Count > 0)
            {
                return;
            }
        }

        Release();
    }

    // The time counts from the first who waits.
    public Task Wait()
    {
        lock (gate)
        {
            return waiting ??= WaitForAll();
        }
    }

    async Task WaitForAll()
    {
        try
        {
            await there.Task.WaitAsync(patience, RealTime.Clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            string late;
            lock (gate)
            {
                late = string.Join(", ", missing.Select(endpoint => endpoint.Segments[^1]));
            }

            logger.PublishedTooEarly(patience.TotalSeconds, late);
            Release();
        }
    }

    bool IsEmpty()
    {
        lock (gate)
        {
            return missing.Count == 0;
        }
    }

    void Release()
    {
        areThere = true;
        there.TrySetResult();
    }
}
