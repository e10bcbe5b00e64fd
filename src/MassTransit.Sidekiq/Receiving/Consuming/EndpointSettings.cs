namespace MassTransit.Sidekiq;

// One endpoint as configured: the settings that its receiver, its workers and its settlements need.
internal sealed record EndpointSettings
{
    public required string Name { get; init; }

    public required QueueOrder Queues { get; init; }

    // The classes that its consumers take.
    public required JobClassMap Classes { get; init; }

    // What was meant with a class that is not among them.
    public ClassSuggestions Suggestions { get; init; } = new();

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

    // `queue` is the one of the endpoint's queues that the job came from.
    public UnknownJobClassException Unknown(SidekiqJob job, string queue)
    {
        var jobClass = job.Wrapped ?? job.Class;
        return new UnknownJobClassException(
            jobClass,
            queue,
            Classes.Classes,
            Suggestions.For(jobClass, Queues.Names[0])
        );
    }
}
