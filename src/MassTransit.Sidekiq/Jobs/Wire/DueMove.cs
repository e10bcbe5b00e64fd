namespace MassTransit.Sidekiq;

// A job that waited in a set, in the form in which it is pushed to its queue. `IsOurs`: written by .NET. With a `Token` it
// could be cancelled until now.
internal sealed record DueMove(
    byte[] Member,
    ReadOnlyMemory<byte> Json,
    string Queue,
    bool IsOurs = false,
    Guid? Token = null
)
{
    const string Default = "default";

    // Null when the member is not a job. `givesBackAttempt` is for a retry by hand, which as in Sidekiq does not use one up;
    // `change` for what is changed by hand on the way.
    public static DueMove? Of(
        byte[] member,
        DateTimeOffset now,
        SidekiqTimeFormat times,
        bool givesBackAttempt = false,
        JobChange? change = null
    )
    {
        try
        {
            var job = SidekiqJob.Parse(member, queue: "");
            if (job.Class is null || !job.HasArgumentList)
            {
                return null;
            }

            job = change is null ? job : SidekiqJob.Parse(change.Apply(job), queue: "");
            return new DueMove(
                member,
                JobMoves.Enqueued(job, now, times, givesBackAttempt),
                QueueOf(job),
                job.Metadata is not null,
                job.Metadata?.SchedulingToken
            );
        }
        catch (InvalidJobException)
        {
            return null;
        }
    }

    public static string QueueOf(SidekiqJob? job) =>
        job is not null && job.TryGet("queue", out var named) ? JobSlice.Text(named) ?? Default : Default;
}
