namespace MassTransit.Sidekiq;

// The lock of a unique job: `Name` is what follows sidekiq:unique: in its key, and its value is the jid of the holder.
internal sealed record JobLock(string Name, string Jid, TimeSpan Life, SidekiqUniqueUntil Until)
{
    public static string NameOf(string queue, string jobClass, string digest) => $"{queue}:{jobClass}:{digest}";

    // Null for a lock that ends only with its time. `queue` is the one that the job is in; `digest` is for another client's job.
    public static JobLock? Of(
        ReadOnlyMemory<byte> job,
        string queue,
        string jobClass,
        string jid,
        TimeSpan life,
        Func<string> digest
    )
    {
        var until = UniqueOptions.ReadUntil(job);
        if (until == SidekiqUniqueUntil.Expiry)
        {
            return null;
        }

        var first =
            UniqueOptions.Text(job, "unique_queue") ?? (queue.Length > 0 ? queue : UniqueOptions.Text(job, "queue"));
        var name = NameOf(first ?? "default", jobClass, UniqueOptions.Text(job, "unique_digest") ?? digest());
        return new JobLock(name, jid, life, until);
    }
}
