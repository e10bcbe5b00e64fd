namespace MassTransit.Sidekiq;

// What the steps that end a job change with it: the lock of a unique one, and its place in a batch. Most jobs have neither.
internal readonly record struct JobTies(JobLock? Lock, BatchMember? Batch)
{
    public bool Any => Lock is not null || Batch is not null;

    public string Jid => Lock?.Jid ?? Batch?.Jid ?? "";
}
