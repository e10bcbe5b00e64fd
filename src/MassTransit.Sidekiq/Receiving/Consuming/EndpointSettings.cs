namespace MassTransit.Sidekiq;

// One endpoint as configured: the settings that its receiver, its workers and its settlements need.
internal sealed record EndpointSettings
{
    public required string Name { get; init; }

    public required QueueOrder Queues { get; init; }

    // The classes that its consumers take.
    public required JobClassMap Classes { get; init; }

    // The topics that its queue subscribes to.
    public required IReadOnlyCollection<string> Topics { get; init; }

    public required int Concurrency { get; init; }

    // The retry options of failed jobs, if neither the job, its contract nor its consumer configures them.
    public required JobFailureOptions FailureOptions { get; init; }

    public EndpointLimits Limits { get; init; } = EndpointLimits.None;

    // Whether the endpoint and its queue end with the process.
    public bool IsTemporary { get; init; }

    public bool PurgesOnStartup { get; init; }

    // What decrypts the jobs that are encrypted.
    public KeyRing Keys { get; init; } = KeyRing.None;

    // Whether failed jobs move to an error queue, instead of the retry and dead sets.
    public bool HasErrorQueue { get; init; }
}
