namespace MassTransit.Sidekiq;

// A message to all subscribers (fan-out). The copies are made in Redis, which alone knows the current subscriptions.
internal sealed record PublishRequest
{
    // The message's own entity first, then its base types, nearest first.
    public required IReadOnlyList<string> Entities { get; init; }

    // Where only the address is known: look up in Redis what the entities implement.
    public bool FollowImplements { get; init; }

    // If there is no such topic, it is the queue of that name.
    public bool IsExchange { get; init; }

    // Subscriptions by contract: (queue, class).
    public IReadOnlyList<(string Queue, string Class)> Static { get; init; } = [];

    public required JobTemplate Template { get; init; }

    // The message's own class, for subscriptions that specify none.
    public required string Class { get; init; }

    public required Guid MessageId { get; init; }

    public DateTimeOffset? Due { get; init; }

    public Guid? Token { get; init; }

    // Each copy takes a lock of its own.
    public UniqueJob? Unique { get; init; }

    // Each copy is a job of this batch.
    public string? Batch { get; init; }

    public bool IsTied => Unique is not null || Batch is not null;

    // To the subscribers of a topic. `known` are the entities that a publish reaches, where the publisher knows them.
    public static PublishRequest ToTopic(string entity, string[]? known, in OutgoingJob job, bool isExchange = false) =>
        new()
        {
            Entities = known ?? [entity],
            FollowImplements = known is null,
            IsExchange = isExchange && known is null,
            Static = job.Queue is { } queue ? [(queue, job.Class)] : [],
            Template = job.ToTemplate(),
            Class = job.Class,
            MessageId = job.MessageId,
            Due = job.Due,
            Token = job.Token,
            Unique = job.Unique,
            Batch = job.Batch,
        };

    // To one queue, in the step that makes copies.
    public static PublishRequest ToQueue(string queue, in OutgoingJob job) =>
        new()
        {
            Entities = [],
            Static = [(queue, job.Class)],
            Template = job.ToTemplate(),
            Class = job.Class,
            MessageId = job.MessageId,
            Unique = job.Unique,
        };
}
