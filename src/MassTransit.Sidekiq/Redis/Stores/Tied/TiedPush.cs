namespace MassTransit.Sidekiq;

// A unique job, or one of a batch, about to be stored: pushed to its queue, or scheduled.
internal sealed record TiedPush(string Queue, string Class, string Jid, byte[] Json)
{
    public UniqueJob? Unique { get; init; }

    public string? Batch { get; init; }

    public DateTimeOffset? Due { get; init; }

    public Guid? Token { get; init; }

    public string Lock => JobLock.NameOf(Queue, Class, Unique!.Digest);
}
