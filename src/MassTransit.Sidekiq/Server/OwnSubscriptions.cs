using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// The endpoints that a bus is configured with, as far as its sends need them.
internal sealed record OwnEndpoints(IReadOnlyList<Uri> Subscribing, IReadOnlyDictionary<Uri, string> AnswerQueues)
{
    public static readonly OwnEndpoints None = new([], new Dictionary<Uri, string>());
}

// Whether the bus's own endpoints have subscribed in Redis. The host starts its services without waiting for the bus, and a
// message that one of them publishes at once would miss the consumers of its own process. So a publish waits for them, but not
// for long, since a bus that is never started may be used for sending.
internal sealed class OwnSubscriptions(IEnumerable<Uri> endpoints, ILogger logger)
{
    static readonly TimeSpan timeout = TimeSpan.FromSeconds(10);

    readonly Lock gate = new();
    readonly HashSet<Uri> missing = [.. endpoints];
    readonly TaskCompletionSource complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task? waiting;
    volatile bool isComplete;

    // No publish waits anymore: all have subscribed, or the timeout has passed.
    public bool IsComplete => isComplete || (isComplete = IsEmpty());

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

    // The timeout starts with the first caller.
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
            await complete.Task.WaitAsync(timeout, RealTime.Clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            string late;
            lock (gate)
            {
                late = string.Join(", ", missing.Select(endpoint => endpoint.Segments[^1]));
            }

            logger.PublishedTooEarly(timeout.TotalSeconds, late);
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
        isComplete = true;
        complete.TrySetResult();
    }
}
