namespace MassTransit.Sidekiq;

// A job on its way to a queue or a topic, which give it queue, class and jid: a draft that is written then, or finished
// parts. `Queue` is that of its contract, which a publish reaches in addition to the subscribers; `Entities` are those whose
// subscribers a publish reaches, where they are known.
internal readonly record struct OutgoingJob(
    string Class,
    Guid MessageId,
    JobDraft? Draft = null,
    JobParts? Parts = null,
    DateTimeOffset? Due = null,
    Guid? Token = null,
    string? Queue = null,
    string[]? Entities = null,
    UniqueJob? Unique = null,
    string? Batch = null
)
{
    // A step of its own stores it, with what is tied to it.
    public bool IsTied => Unique is not null || Batch is not null;

    public byte[] ToJob(string queue)
    {
        var jid = JobId.From(MessageId);
        return Draft is null ? Parts!.Write(queue, Class, jid) : JobWriter.Write(Draft, queue, jid);
    }

    public JobTemplate ToTemplate() => Draft is null ? Parts!.ToTemplate() : JobWriter.WriteTemplate(Draft);
}
