namespace MassTransit.Sidekiq;

// How long the next job of a queue had waited at an instant.
internal sealed record LatencySample(DateTimeOffset At, TimeSpan Latency);

/// <summary>
/// Samples how long the queues have been waiting, while the dashboard is looked at. Sidekiq keeps no such history.
/// 1. The first look begins it, an hour after the last look it ends and forgets.
/// 2. One sample a minute, by the reading of the page Queues: two commands for each queue, in two round trips.
/// 3. Sixty minutes are kept, of each the 500 queues that have waited longest.
/// 4. A minute without Redis has no sample. The loop goes on, and stops with the application.
/// </summary>
internal sealed class LatencySampler(ISidekiqInspector inspector, TimeProvider clock, CancellationToken stopping)
{
    const int MostQueues = 500;

    static readonly TimeSpan interval = TimeSpan.FromMinutes(1);
    static readonly TimeSpan kept = TimeSpan.FromHours(1);

    readonly Lock gate = new();
    readonly Queue<Sample> samples = new();
    DateTimeOffset lookedAt;

    // The loop that samples; one that has ended when nobody looks.
    public Task Running { get; private set; } = Task.CompletedTask;

    // A page is looked at.
    public void Look()
    {
        lock (gate)
        {
            lookedAt = clock.GetUtcNow();
            if (Running.IsCompleted && !stopping.IsCancellationRequested)
            {
                samples.Clear();
                Running = Task.Run(Run, CancellationToken.None);
            }
        }
    }

    // The oldest first. A queue that is in none of them has not waited.
    public IReadOnlyList<LatencySample> Of(string queue)
    {
        lock (gate)
        {
            return
            [
                .. samples.Select(sample => new LatencySample(sample.At, sample.Latencies.GetValueOrDefault(queue))),
            ];
        }
    }

    async Task Run()
    {
        try
        {
            while (IsLookedAt())
            {
                await TrySample().ConfigureAwait(false);
                await Task.Delay(interval, clock, stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The application stops.
        }
    }

    bool IsLookedAt()
    {
        lock (gate)
        {
            return clock.GetUtcNow() - lookedAt <= kept;
        }
    }

    async Task TrySample()
    {
        IReadOnlyList<SidekiqQueue> queues;
        try
        {
            queues = await inspector.Queues(stopping).ConfigureAwait(false);
        }
        catch (Exception) when (!stopping.IsCancellationRequested)
        {
            // The page itself reports that Redis does not answer; a log line a minute would add nothing.
            return;
        }

        var latencies = queues
            .Where(queue => queue.Latency > TimeSpan.Zero)
            .OrderByDescending(queue => queue.Latency)
            .Take(MostQueues)
            .ToDictionary(queue => queue.Name, queue => queue.Latency, StringComparer.Ordinal);
        lock (gate)
        {
            var now = clock.GetUtcNow();
            samples.Enqueue(new Sample(now, latencies));
            while (now - samples.Peek().At > kept)
            {
                samples.Dequeue();
            }
        }
    }

    sealed record Sample(DateTimeOffset At, Dictionary<string, TimeSpan> Latencies);
}
