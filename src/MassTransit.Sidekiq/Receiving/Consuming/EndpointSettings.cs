namespace MassTransit.Sidekiq;

// One endpoint as it was configured: what its receiver, its workers and its settlements must know of it.
internal sealed record EndpointSettings
{
    public required string Name { get; init; }

    public required QueueOrder Queues { get; init; }

    // The classes that its consumers take.
    public required JobClassMap Classes { get; init; }

    // What its queue subscribes to.
    public required IReadOnlyCollection<string> Topics { get; init; }

    public required int Concurrency { get; init; }

    // What becomes of failed jobs where neither the job, its contract nor its consumer configures it.
    public required JobFailureOptions FailureOptions { get; init; }

    // It goes with its process, and so does its queue.
    public bool IsTemporary { get; init; }

    public bool PurgesOnStartup { get; init; }

    // Whether what failed moves to queues of its own, instead of the retry and dead sets.
    public bool HasErrorQueue { get; init; }
}
