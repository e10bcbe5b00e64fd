using System.Text.Json;

namespace MassTransit.Sidekiq;

/// A job that waited in a set, as it is to be pushed to its queue.
internal sealed record DueMove(byte[] Member, ReadOnlyMemory<byte> Json, string Queue)
{
    /// Null when the member is no job. `givesBackAttempt` is for a retry by hand, which as in Sidekiq uses up none.
    public static DueMove? Of(byte[] member, DateTimeOffset now, SidekiqTimeFormat times, bool givesBackAttempt = false)
    {
        try
        {
            var job = SidekiqJob.Parse(member, queue: "");
            return job.Class is null || !job.HasArgumentList
                ? null
                : new DueMove(member, JobEnvelope.Enqueued(job, now, times, givesBackAttempt), QueueOf(job));
        }
        catch (InvalidJobException)
        {
            return null;
        }
    }

    public static string QueueOf(SidekiqJob? job) =>
        job is not null && job.TryGet("queue", out var named) && named.ValueKind == JsonValueKind.String
            ? named.GetString()!
            : "default";
}
